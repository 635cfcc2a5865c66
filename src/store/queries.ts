// What the lists of the store are asked, a part of its port: pages, bounds of time, filters.
import type { DeliveryState } from "../core/delivery.ts";
import type { RejectionCause } from "../core/source.ts";
import type { RequestRecord } from "./store.ts";

export interface ListQuery {
  limit: number;
  /** Opaque place to go on from, as `nextCursor` gave it. */
  cursor: string | null;
  /** Bounds on the record's own time, ms since the Unix epoch. */
  since: number | null;
  until: number | null;
}

export interface RequestQuery extends ListQuery {
  sourceId?: string;
  outcome?: RequestRecord["outcome"];
  cause?: RejectionCause;
}

export interface EventQuery extends ListQuery {
  sourceId?: string;
  tenantId?: string;
  /** Exact type, or a prefix ending in `.*` / `.**`. */
  type?: string;
  key?: string;
  providerEventId?: string;
  /** Oldest first: jobs walk forward, lists show the newest. */
  ascending?: boolean;
}

export interface DeliveryQuery extends ListQuery {
  state?: DeliveryState;
  destinationId?: string;
  /** Narrows to these destinations; for the derived status `paused`. */
  destinationIds?: string[];
  subscriptionId?: string;
  eventId?: string;
  jobId?: string;
  type?: string;
  sourceId?: string;
  /** Of the event. */
  tenantId?: string;
  /** In place of `state`: what a recovery takes up. */
  failed?: FailedQuery;
  /** Oldest first, as for events. */
  ascending?: boolean;
}

/** Dead deliveries, and waiting ones that were tried; `[since, until)` bounds the time of their last failure. */
export interface FailedQuery {
  /** Whether those that wait for another attempt of their present schedule count. */
  includeWaiting: boolean;
  since: number | null;
  until: number;
}

export interface AttemptQuery extends ListQuery {
  deliveryId?: string;
  eventId?: string;
  destinationId?: string;
}
