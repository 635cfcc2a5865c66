// replay: walks stored events and plans deliveries of them again, for all of them or for what a destination never got.
import type { Event, EventHead } from "../core/event.ts";
import { expiryOf, isExpired } from "../core/expiry.ts";
import type { ReplayFilter } from "../core/job.ts";
import type { Subscription } from "../core/subscription.ts";
import { STEP_BODY_BYTES_MAX } from "../limits.ts";
import type { NewDelivery, Store } from "../store/store.ts";
import type { Catalog } from "./catalog.ts";
import type { LargeBodies } from "./large-bodies.ts";
import { replayOrderOf } from "./ordering.ts";
import { takersOf } from "./takers.ts";

export interface ReplayOptions {
  store: Store;
  catalog: Catalog;
  largeBodies: LargeBodies;
}

/** Where a walk stands and how far it goes. */
export interface WalkPlace {
  /** Nothing that came after this time is taken. */
  through: number;
  cursor: string | null;
  limit: number;
  /** Whose deliveries they will be. */
  jobId: string;
  now: number;
}

interface Step {
  events: Event[];
  /** Where the next step goes on; null after the last. */
  cursor: string | null;
}

export interface ReplayStep extends Step {
  deliveries: NewDelivery[];
}

export async function planReplayStep(options: ReplayOptions, filter: ReplayFilter, place: WalkPlace): Promise<ReplayStep> {
  const { store } = options;
  const { events, cursor } = await readStep(store, filter, place);
  const isWanted = filter.missing === true ? await missingOnes(store, events, place.through) : everything;
  const deliveries: NewDelivery[] = [];
  for (const event of events) {
    const candidates = options.catalog.subscriptionsFor(event.sourceId).filter(({ subscription: { id, destinationId } }) => {
      if (filter.subscriptionId !== undefined && id !== filter.subscriptionId) return false;
      return filter.destinationId === undefined || destinationId === filter.destinationId;
    });
    for (const subscription of await takersOf(candidates, event, options.largeBodies)) {
      if (!isWanted(event, subscription.destinationId)) continue;
      const order = await replayOrderOf(options.catalog, options.largeBodies, event, subscription.destinationId);
      deliveries.push({ ...replayOf(event, subscription, place), order });
    }
  }
  return { events, cursor, deliveries };
}

/** What an age bound allows counts from the replay, as for an event that came just now; the event's own bound stands. */
function replayOf(event: Event, subscription: Subscription, { now, jobId }: WalkPlace): NewDelivery {
  return {
    eventId: event.id,
    eventSeq: event.seq,
    destinationId: subscription.destinationId,
    subscriptionId: subscription.id,
    nextAttemptAt: now,
    expiresAt: expiryOf(event.deliverBefore, subscription.expireAfterMs, now),
    trigger: "replay",
    jobId,
    bodyBytes: event.bodyBytes,
  };
}

type Wanted = (event: Event, destinationId: string) => boolean;

const everything: Wanted = () => true;

/**
 * A dead delivery is one that never got there. What waits is on its way, what was cancelled was not to get there, and what
 * dispatch has not seen yet or has expired will not be missed. Each destination is asked once for each event.
 */
async function missingOnes(store: Store, events: readonly Event[], through: number): Promise<Wanted> {
  const found = await store.reachOfEvents(events.map((event) => event.seq));
  const undispatched = new Set(found.undispatched);
  const reached = new Set<string>();
  const pair = (eventSeq: number, destinationId: string) => `${eventSeq} ${destinationId}`;
  for (const { eventSeq, destinationId, state } of found.reached) {
    if (state !== "dead") reached.add(pair(eventSeq, destinationId));
  }
  return (event, destinationId) => {
    const key = pair(event.seq, destinationId);
    if (undispatched.has(event.seq) || isExpired(event.deliverBefore, through) || reached.has(key)) return false;
    // Two subscriptions may lead to one destination, which then gets it once.
    reached.add(key);
    return true;
  };
}

async function readStep(store: Store, filter: ReplayFilter, { through, cursor, limit }: WalkPlace): Promise<Step> {
  if (filter.eventIds !== undefined) return readNamed(store, filter.eventIds, cursor, limit);
  const query = {
    cursor,
    since: filter.since ?? null,
    until: Math.min(filter.until ?? Number.MAX_SAFE_INTEGER, through + 1),
    sourceId: filter.sourceId,
    tenantId: filter.tenantId,
    type: filter.type,
    key: filter.key,
    ascending: true,
  };
  let page = await store.events({ ...query, limit });
  const fits = fittingCount(page.data);
  if (fits < page.data.length) page = await store.events({ ...query, limit: fits });
  return { events: await store.eventsBySeq(page.data.map((head) => head.seq)), cursor: page.nextCursor };
}

/** How many of these a step may read with their bodies: at least one, and then as many as stay within the bound. */
function fittingCount(heads: readonly EventHead[]): number {
  let bytes = 0;
  for (const [index, head] of heads.entries()) {
    bytes += head.bodyBytes;
    if (bytes > STEP_BODY_BYTES_MAX) return Math.max(1, index);
  }
  return heads.length;
}

/** Named events are walked by their place in the list; one that is gone is passed over. */
async function readNamed(store: Store, ids: string[], cursor: string | null, limit: number): Promise<Step> {
  const from = Number(cursor ?? 0);
  const events: (Event | null)[] = [];
  let bytes = 0;
  let next = from;
  while (next < Math.min(ids.length, from + limit) && bytes < STEP_BODY_BYTES_MAX) {
    const event = await store.event(ids[next]!);
    events.push(event);
    bytes += event?.bodyBytes ?? 0;
    next += 1;
  }
  return { events: events.filter((event) => event !== null), cursor: next < ids.length ? String(next) : null };
}
