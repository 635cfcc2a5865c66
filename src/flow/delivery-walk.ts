// Walks deliveries that are there for the jobs that change them: what a recovery takes up, and what a cancel ends.
import type { Delivery } from "../core/delivery.ts";
import { isExpired } from "../core/expiry.ts";
import type { CancelFilter, DeliveryFilter, RecoverFilter } from "../core/job.ts";
import type { DeliveryQuery, Store } from "../store/store.ts";
import type { Catalog } from "./catalog.ts";
import type { WalkPlace } from "./replay.ts";

export interface DeliveryStep {
  deliveries: Delivery[];
  /** Where the next step goes on; null after the last. */
  cursor: string | null;
}

interface WalkOptions {
  store: Store;
  catalog: Catalog;
}

/** Failed deliveries that can be tried again: their destination is there, and they have not expired. */
export async function planRecoverStep({ store, catalog }: WalkOptions, filter: RecoverFilter, place: WalkPlace): Promise<DeliveryStep> {
  const { includeWaiting = false, since = null, until = Infinity } = filter;
  const page = await store.deliveries({
    ...baseQuery(filter, place),
    since: null,
    until: place.through + 1,
    ...(includeWaiting ? {} : { state: "dead" as const }),
    // What fails while the job runs is not among them: a receiver that still fails would keep it from ending.
    failed: { includeWaiting, since, until: Math.min(until, place.through + 1) },
  });
  const deliveries = page.data.filter(
    ({ destinationId, expiresAt }) => catalog.destination(destinationId) !== undefined && !isExpired(expiresAt, place.through),
  );
  return { deliveries, cursor: page.nextCursor };
}

export async function planCancelStep({ store }: WalkOptions, filter: CancelFilter, place: WalkPlace): Promise<DeliveryStep> {
  const page = await store.deliveries({
    ...baseQuery(filter, place),
    since: filter.since ?? null,
    until: Math.min(filter.until ?? Infinity, place.through + 1),
    state: "waiting",
    jobId: filter.jobId,
  });
  return { deliveries: page.data, cursor: page.nextCursor };
}

function baseQuery(filter: DeliveryFilter, { cursor, limit }: WalkPlace): Omit<DeliveryQuery, "since" | "until"> {
  const { destinationId, tenantId, sourceId, subscriptionId, type } = filter;
  return { cursor, limit, ascending: true, destinationId, tenantId, sourceId, subscriptionId, type };
}
