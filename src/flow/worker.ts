// The worker: keeps the schedule filled from the store, sends what is due, and hands outcomes to settle.
import type { Delivery, DeliveryStep } from "../core/delivery.ts";
import { createDueHeap } from "../core/due-heap.ts";
import { createSchedule, type Lane, type Work } from "../core/schedule.ts";
import type { Logger } from "../log.ts";
import type { Settlement, Store } from "../store/store.ts";
import { type Clock, sleep, type Timer } from "../system/clock.ts";
import type { Random } from "../system/random.ts";
import type { Catalog } from "./catalog.ts";
import type { Counters } from "./counters.ts";
import type { Outcome, Sender } from "./send.ts";
import { createSettler } from "./settle.ts";
import type { Tail } from "./tail.ts";

// Deliveries a destination may hold in memory; the rest of its backlog is rows in the store.
const LANE_WINDOW_MAX = 2_000;
const WINDOW_BYTES_MAX = 48 * 1024 ** 2;
// Dispatch slows down above this, so that a backlog it catches up on is not read twice.
const QUEUED_COMFORT_MAX = 500;
// One look at the store fetches this much, when at least half of it has room.
const FETCH_MAX = 500;
// Outcomes not yet committed at which sending pauses: memory and repeated work after a crash stay bounded.
const SETTLE_BACKLOG_MAX = 4_000;
const RETRY_WAIT_MS = 1_000;
// Before bodies that found no room in memory are read again.
const NO_ROOM_WAIT_MS = 100;

export interface Worker {
  /** Deliveries that dispatch or a job just committed. */
  offer(works: Work[]): void;
  /** Whether more of a backlog would be sent soon rather than only moved into memory. */
  hasRoom(): boolean;
  /** Resolves the next time `hasRoom` becomes true. */
  drained(): Promise<void>;
  /** Attempts that have ended since the start: how fast the worker moves. */
  readonly landed: number;
  /** A person's command changed these. */
  deliveriesChanged(deliveries: Delivery[]): void;
  /** The destination was saved, paused, resumed, disabled or deleted. */
  destinationChanged(destinationId: string): void;
  /** Deliveries of this destination wait in the store from `dueAt` on. */
  wakeAt(destinationId: string, dueAt: number): void;
  start(): Promise<void>;
  /** Takes nothing new, gives attempts under way `graceMs` to end, and commits every outcome. */
  stop(graceMs: number): Promise<void>;
  stats(): { inFlight: number; queued: number; unsettled: number };
}

export interface WorkerOptions {
  store: Store;
  catalog: Catalog;
  sender: Sender;
  clock: Clock;
  random: Random;
  tail: Tail;
  log: Logger;
  counters: Counters;
  inFlightMax: number;
}

export function createWorker(options: WorkerOptions): Worker {
  const { store, catalog, sender, clock, log } = options;
  const schedule = createSchedule({ inFlightMax: options.inFlightMax, windowMax: LANE_WINDOW_MAX, windowBytesMax: WINDOW_BYTES_MAX });
  const due = createDueHeap<Lane>();
  // Lanes with a look at the store under way, and what left memory or was cancelled meanwhile: that look's answer is older.
  const fetching = new Map<Lane, Set<number>>();
  // Retried by hand while in memory: the store has a newer word on them than the outcome that is about to be told.
  const retried = new Set<number>();
  let timer: { at: number; handle: Timer } | null = null;
  let draining: PromiseWithResolvers<void> | null = null;
  let stopping = false;
  // Set when the grace of a stop is over: what still comes back is not recorded, and is sent again after the next start.
  let abandoned = false;
  let landed = 0;
  let pumpPlanned = false;
  const settler = createSettler({ ...options, onSettled: settled, onDisabled: destinationChanged });

  const hasRoom = () => schedule.queued < QUEUED_COMFORT_MAX;

  /** Sends as long as slots, due deliveries and the settle backlog allow. */
  function pump(): void {
    pumpPlanned = false;
    while (!stopping && settler.backlog < SETTLE_BACKLOG_MAX) {
      const work = schedule.take();
      if (work === null) break;
      void sendOne(work);
    }
    if (draining !== null && hasRoom()) {
      draining.resolve();
      draining = null;
    }
  }

  function planPump(): void {
    if (pumpPlanned) return;
    pumpPlanned = true;
    setImmediate(pump);
  }

  async function sendOne(work: Work): Promise<void> {
    const destination = catalog.destination(work.delivery.destinationId);
    if (destination === undefined) {
      // Deleted between queueing and sending: the lane's next look at the store cancels it.
      schedule.landed(work);
      schedule.release(work);
      return;
    }
    const outcome = await sender.attempt(work.delivery, work.event, destination);
    landed += 1;
    schedule.landed(work);
    const lane = schedule.lane(work.delivery.destinationId);
    if (abandoned || isCancelled(outcome)) schedule.release(work);
    else settler.add(work, outcome);
    refill(lane);
    planPump();
  }

  function settled(work: Work, settlement: Settlement): void {
    const { seq, destinationId } = work.delivery;
    schedule.release(work);
    const lane = schedule.lane(destinationId);
    fetching.get(lane)?.add(seq);
    const { step } = settlement;
    if (retried.delete(seq)) waitUntil(lane, clock.now());
    else if (step.state === "waiting") waitUntil(lane, nextDue(step));
    // Also after a failure: a full window may have kept the lane from looking at the store, and nothing else would make it.
    refill(lane);
    if (settler.backlog >= SETTLE_BACKLOG_MAX / 2) planPump();
  }

  function waitUntil(lane: Lane, dueAt: number): void {
    if (lane.storeDueAt !== null && lane.storeDueAt <= dueAt) return;
    lane.storeDueAt = dueAt;
    due.push(dueAt, lane);
    arm();
  }

  /** One timer for all destinations: at the earliest time anything in the store is due. */
  function arm(): void {
    const at = due.earliest();
    if (at === null || stopping || (timer !== null && timer.at <= at)) return;
    timer?.handle.cancel();
    timer = { at, handle: clock.after(Math.max(0, at - clock.now()), lookAtDue) };
  }

  function lookAtDue(): void {
    timer = null;
    const now = clock.now();
    for (let lane = due.popDue(now); lane !== undefined; lane = due.popDue(now)) refill(lane);
    arm();
  }

  /** Fetches what is due for a lane when it has run low and the store has something. */
  function refill(lane: Lane): void {
    if (stopping || !lane.open || fetching.has(lane) || lane.storeDueAt === null || lane.storeDueAt > clock.now()) return;
    if (lane.window.size > LANE_WINDOW_MAX / 2) return;
    const gone = new Set<number>();
    fetching.set(lane, gone);
    lane.storeDueAt = null;
    void fetchDue(lane, gone)
      .catch(async (error: unknown) => {
        log.error({ error, destinationId: lane.destinationId }, "due deliveries could not be read; trying again");
        await sleep(clock, RETRY_WAIT_MS);
        waitUntil(lane, clock.now());
      })
      .finally(() => {
        fetching.delete(lane);
        refill(lane);
      });
  }

  async function fetchDue(lane: Lane, gone: ReadonlySet<number>): Promise<void> {
    const limit = Math.min(FETCH_MAX, LANE_WINDOW_MAX - lane.window.size);
    const { deliveries, nextDueAt } = await store.dueDeliveries(lane.destinationId, clock.now(), limit, [...lane.window]);
    if (nextDueAt !== null) waitUntil(lane, nextDueAt);
    if (deliveries.length === 0 || stopping || !lane.open) return;
    const events = await store.eventsBySeq([...new Set(deliveries.map((delivery) => delivery.eventSeq))]);
    const bySeq = new Map(events.map((event) => [event.seq, event]));
    let left = false;
    for (const delivery of deliveries) {
      const event = bySeq.get(delivery.eventSeq);
      // Dispatch may have handed it over, or a command moved it meanwhile; a full window leaves it where it is.
      if (event === undefined || lane.window.has(delivery.seq) || gone.has(delivery.seq)) continue;
      if (lane.open && schedule.hasRoom(lane, event.bodyBytes)) schedule.add(lane, { delivery, event });
      else left = true;
    }
    // A lane that is full itself looks again as it empties; one that other lanes' bodies keep out has to wait for those.
    if (left) waitUntil(lane, clock.now() + (lane.window.size > LANE_WINDOW_MAX / 2 ? 0 : NO_ROOM_WAIT_MS));
    planPump();
  }

  function offerOne(work: Work, now: number): void {
    const lane = schedule.lane(work.delivery.destinationId);
    // The store may have shown it to a fetch before dispatch heard of its own commit.
    if (lane.window.has(work.delivery.seq)) return;
    const dueAt = work.delivery.nextAttemptAt ?? now;
    // What is older and only in the store goes first; a lane with such a backlog takes nothing over its head.
    const behind = lane.storeDueAt !== null && lane.storeDueAt <= now;
    if (dueAt > now || !lane.open || behind || !schedule.hasRoom(lane, work.event.bodyBytes)) waitUntil(lane, dueAt);
    else schedule.add(lane, work);
  }

  /** Deleted after dispatch or a command chose it: nothing will ever open its lane. */
  function cancelIfOrphaned(destinationIds: Iterable<string>): void {
    for (const id of new Set(destinationIds)) {
      if (catalog.destination(id) === undefined) void cancelOrphans(id);
    }
  }

  function destinationChanged(destinationId: string): void {
    const lane = schedule.lane(destinationId);
    const destination = catalog.destination(destinationId);
    const open = destination !== undefined && destination.state.kind === "active";
    schedule.adjust(lane, { open, concurrencyMax: destination?.concurrencyMax ?? 0 });
    if (!open) schedule.clear(lane);
    if (destination === undefined) void cancelOrphans(destinationId);
    if (open) {
      waitUntil(lane, clock.now());
      refill(lane);
      planPump();
    }
  }

  /** What waits for a destination that no longer exists can never be sent; it ends with that reason. */
  async function cancelOrphans(destinationId: string): Promise<void> {
    try {
      for (;;) {
        const { deliveries } = await store.dueDeliveries(destinationId, Number.MAX_SAFE_INTEGER, FETCH_MAX, []);
        if (deliveries.length === 0) return;
        const ids = deliveries.map((delivery) => delivery.id);
        await store.commandDeliveries(ids, { kind: "cancel", at: clock.now(), reason: "The destination was deleted." }, null);
      }
    } catch (error) {
      log.error({ error, destinationId }, "deliveries of a deleted destination could not be cancelled; the next start tries again");
    }
  }

  return {
    offer(works) {
      const now = clock.now();
      for (const work of works) offerOne(work, now);
      cancelIfOrphaned(works.map((work) => work.delivery.destinationId));
      planPump();
    },
    hasRoom,
    get landed() {
      return landed;
    },
    drained() {
      if (hasRoom()) return Promise.resolve();
      draining ??= Promise.withResolvers();
      return draining.promise;
    },
    deliveriesChanged(deliveries) {
      for (const delivery of deliveries) {
        const lane = schedule.lane(delivery.destinationId);
        if (delivery.state === "waiting") {
          if (lane.window.has(delivery.seq)) retried.add(delivery.seq);
          waitUntil(lane, delivery.nextAttemptAt ?? clock.now());
        } else {
          fetching.get(lane)?.add(delivery.seq);
          schedule.drop(lane, delivery.seq);
        }
        refill(lane);
      }
      cancelIfOrphaned(deliveries.map((delivery) => delivery.destinationId));
    },
    destinationChanged,
    wakeAt(destinationId, dueAt) {
      waitUntil(schedule.lane(destinationId), dueAt);
    },
    async start() {
      for (const destination of catalog.destinations()) {
        schedule.adjust(schedule.lane(destination.id), { open: destination.state.kind === "active", concurrencyMax: destination.concurrencyMax });
      }
      for (const { destinationId, nextDueAt } of await store.waitingDestinations()) {
        if (catalog.destination(destinationId) === undefined) void cancelOrphans(destinationId);
        else waitUntil(schedule.lane(destinationId), nextDueAt);
      }
    },
    async stop(graceMs) {
      stopping = true;
      timer?.handle.cancel();
      for (const lane of schedule.lanes()) schedule.clear(lane);
      const graceEnds = clock.now() + graceMs;
      while (schedule.inFlight > 0 && clock.now() < graceEnds) await sleep(clock, 10);
      abandoned = true;
      await settler.flushed();
    },
    stats: () => ({ inFlight: schedule.inFlight, queued: schedule.queued, unsettled: settler.backlog }),
  };
}

/** The transport was closed under the attempt: nobody knows how it would have ended. */
function isCancelled({ result }: Outcome): boolean {
  return result.kind === "failure" && result.failure === "cancelled";
}

function nextDue(step: DeliveryStep): number {
  return step.nextAttemptAt ?? 0;
}
