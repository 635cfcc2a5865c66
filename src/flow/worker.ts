// The worker: takes what is due from the schedule, has it sent, and hands outcomes to settle.
import type { Delivery } from "../core/delivery.ts";
import { createSchedule, type Schedule, type Work } from "../core/schedule.ts";
import type { Logger } from "../log.ts";
import type { Settlement, Store } from "../store/store.ts";
import { type Clock, sleep } from "../system/clock.ts";
import type { Random } from "../system/random.ts";
import type { Catalog } from "./catalog.ts";
import type { Counters } from "./counters.ts";
import { LANE_WINDOW_MAX, LaneFeed } from "./lane-feed.ts";
import { cancelOrphans } from "./orphans.ts";
import type { Outcome, Sender } from "./send.ts";
import { createSettler, type Settler } from "./settle.ts";
import type { Tail } from "./tail.ts";

const WINDOW_BYTES_MAX = 48 * 1024 ** 2;
// Dispatch slows down above this, so that a backlog it catches up on is not read twice.
const QUEUED_COMFORT_MAX = 500;
// Outcomes not yet committed at which sending pauses: memory and repeated work after a crash stay bounded.
const SETTLE_BACKLOG_MAX = 1_500;
const STOP_LOOK_MS = 10;

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
  return new FlowWorker(options);
}

class FlowWorker implements Worker {
  readonly #options: WorkerOptions;
  readonly #schedule: Schedule;
  readonly #feed: LaneFeed;
  readonly #settler: Settler;
  /** Retried by hand while in memory: the store has a newer word on them than the outcome that is about to be told. */
  readonly #retried = new Set<number>();
  #draining: PromiseWithResolvers<void> | null = null;
  #stopping = false;
  /** Set when the grace of a stop is over: what still comes back is not recorded, and is sent again after the next start. */
  #abandoned = false;
  #landed = 0;
  #pumpPlanned = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#schedule = createSchedule({ inFlightMax: options.inFlightMax, windowMax: LANE_WINDOW_MAX, windowBytesMax: WINDOW_BYTES_MAX });
    this.#feed = new LaneFeed({ ...options, schedule: this.#schedule, onAdded: () => this.#planPump() });
    this.#settler = createSettler({
      ...options,
      onSettled: (work, settlement) => this.#settled(work, settlement),
      onDisabled: (destinationId) => this.destinationChanged(destinationId),
    });
  }

  offer(works: Work[]): void {
    const now = this.#options.clock.now();
    for (const work of works) this.#offerOne(work, now);
    this.#cancelIfOrphaned(works.map((work) => work.delivery.destinationId));
    this.#planPump();
  }

  hasRoom(): boolean {
    return this.#schedule.queued < QUEUED_COMFORT_MAX;
  }

  get landed(): number {
    return this.#landed;
  }

  drained(): Promise<void> {
    if (this.hasRoom()) return Promise.resolve();
    this.#draining ??= Promise.withResolvers();
    return this.#draining.promise;
  }

  deliveriesChanged(deliveries: Delivery[]): void {
    for (const delivery of deliveries) {
      const lane = this.#schedule.lane(delivery.destinationId);
      if (delivery.state === "waiting") {
        if (lane.window.has(delivery.seq)) this.#retried.add(delivery.seq);
        this.#feed.waitUntil(lane, delivery.nextAttemptAt ?? this.#options.clock.now());
      } else {
        this.#feed.forget(lane, delivery.seq);
        this.#schedule.drop(lane, delivery.seq);
      }
      this.#feed.refill(lane);
    }
    this.#cancelIfOrphaned(deliveries.map((delivery) => delivery.destinationId));
  }

  destinationChanged(destinationId: string): void {
    const lane = this.#schedule.lane(destinationId);
    const destination = this.#options.catalog.destination(destinationId);
    const open = destination !== undefined && destination.state.kind === "active";
    this.#schedule.adjust(lane, { open, concurrencyMax: destination?.concurrencyMax ?? 0 });
    if (!open) this.#schedule.clear(lane);
    this.#cancelIfOrphaned([destinationId]);
    if (open) {
      this.#feed.waitUntil(lane, this.#options.clock.now());
      this.#feed.refill(lane);
      this.#planPump();
    }
  }

  async start(): Promise<void> {
    const { store, catalog } = this.#options;
    for (const { id, state, concurrencyMax } of catalog.destinations()) {
      this.#schedule.adjust(this.#schedule.lane(id), { open: state.kind === "active", concurrencyMax });
    }
    for (const { destinationId, nextDueAt } of await store.waitingDestinations()) {
      if (catalog.destination(destinationId) === undefined) this.#cancelIfOrphaned([destinationId]);
      else this.#feed.waitUntil(this.#schedule.lane(destinationId), nextDueAt);
    }
  }

  async stop(graceMs: number): Promise<void> {
    const { clock } = this.#options;
    this.#stopping = true;
    this.#feed.stop();
    for (const lane of this.#schedule.lanes()) this.#schedule.clear(lane);
    const graceEnds = clock.now() + graceMs;
    while (this.#schedule.inFlight > 0 && clock.now() < graceEnds) await sleep(clock, STOP_LOOK_MS);
    this.#abandoned = true;
    await this.#settler.flushed();
  }

  stats(): { inFlight: number; queued: number; unsettled: number } {
    return { inFlight: this.#schedule.inFlight, queued: this.#schedule.queued, unsettled: this.#settler.backlog };
  }

  /** Sends as long as slots, due deliveries and the settle backlog allow. */
  #pump(): void {
    this.#pumpPlanned = false;
    while (!this.#stopping && this.#settler.backlog < SETTLE_BACKLOG_MAX) {
      const work = this.#schedule.take();
      if (work === null) break;
      void this.#sendOne(work);
    }
    if (this.#draining !== null && this.hasRoom()) {
      this.#draining.resolve();
      this.#draining = null;
    }
  }

  #planPump(): void {
    if (this.#pumpPlanned) return;
    this.#pumpPlanned = true;
    setImmediate(() => this.#pump());
  }

  async #sendOne(work: Work): Promise<void> {
    const destination = this.#options.catalog.destination(work.delivery.destinationId);
    if (destination === undefined) {
      // Deleted between queueing and sending; the change itself cancels what waits in the store.
      this.#schedule.landed(work);
      this.#schedule.release(work);
      return;
    }
    const outcome = await this.#options.sender.attempt(work.delivery, work.event, destination);
    this.#landed += 1;
    this.#schedule.landed(work);
    if (this.#abandoned || isCancelled(outcome)) this.#schedule.release(work);
    else this.#settler.add(work, outcome);
    this.#feed.refill(this.#schedule.lane(work.delivery.destinationId));
    this.#planPump();
  }

  #settled(work: Work, { step }: Settlement): void {
    const { seq, destinationId } = work.delivery;
    this.#schedule.release(work);
    const lane = this.#schedule.lane(destinationId);
    this.#feed.forget(lane, seq);
    if (this.#retried.delete(seq)) this.#feed.waitUntil(lane, this.#options.clock.now());
    else if (step.state === "waiting") this.#feed.waitUntil(lane, step.nextAttemptAt ?? 0);
    // Also after a failure: a full window may have kept the lane from looking at the store, and nothing else would make it.
    this.#feed.refill(lane);
    if (this.#settler.backlog >= SETTLE_BACKLOG_MAX / 2) this.#planPump();
  }

  #offerOne(work: Work, now: number): void {
    const lane = this.#schedule.lane(work.delivery.destinationId);
    // The store may have shown it to a fetch before dispatch heard of its own commit.
    if (lane.window.has(work.delivery.seq)) return;
    const dueAt = work.delivery.nextAttemptAt ?? now;
    // What is older and only in the store goes first; a lane with such a backlog takes nothing over its head.
    const behind = lane.storeDueAt !== null && lane.storeDueAt <= now;
    if (dueAt > now || !lane.open || behind || !this.#schedule.hasRoom(lane, work.event.bodyBytes)) this.#feed.waitUntil(lane, dueAt);
    else this.#schedule.add(lane, work);
  }

  /** Deleted after dispatch or a command chose it: nothing will ever open its lane. */
  #cancelIfOrphaned(destinationIds: Iterable<string>): void {
    for (const id of new Set(destinationIds)) {
      if (this.#options.catalog.destination(id) === undefined) void cancelOrphans(this.#options, id);
    }
  }
}

/** The transport was closed under the attempt: nobody knows how it would have ended. */
function isCancelled({ result }: Outcome): boolean {
  return result.kind === "failure" && result.failure === "cancelled";
}
