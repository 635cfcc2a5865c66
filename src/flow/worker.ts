// The worker: takes what is due from the schedule, has it sent, and hands outcomes to settle.
import type { Delivery } from "../core/delivery.ts";
import { isExpired } from "../core/expiry.ts";
import { CLASSES, classOf, type Lane, type Work } from "../core/lane.ts";
import { createSchedule, type Schedule } from "../core/schedule.ts";
import type { Logger } from "../log.ts";
import type { Settlement, Store } from "../store/store.ts";
import { type Clock, sleep, type Timer } from "../system/clock.ts";
import type { Random } from "../system/random.ts";
import type { Catalog } from "./catalog.ts";
import type { Counters } from "./counters.ts";
import type { DestinationHealth } from "./destination-health.ts";
import { createExpiry, type Expiry } from "./expiry.ts";
import { createHandRetries, type HandRetries } from "./hand-retries.ts";
import { createLaneDoors, type LaneDoors } from "./lane-doors.ts";
import { LANE_WINDOW_MAX, LaneFeed } from "./lane-feed.ts";
import { cancelOrphans } from "./orphans.ts";
import type { Ownership } from "./ownership.ts";
import { takeRecovered } from "./recovered.ts";
import type { Outcome, Sender } from "./send.ts";
import { createSettler, type Settler } from "./settle.ts";
import { createShardLanes, type ShardLanes } from "./shard-lanes.ts";
import type { Tail } from "./tail.ts";

// What all lanes together hold in memory. Beyond it each has one at least.
const WINDOW_TOTAL_MAX = 10_000;
const WINDOW_BYTES_MAX = 48 * 1024 ** 2;
// Dispatch slows down above this, so that a backlog it catches up on is not read twice.
const QUEUED_COMFORT_MAX = 500;
// Outcomes not yet committed at which sending pauses: memory and repeated work after a crash stay bounded.
const SETTLE_BACKLOG_MAX = 1_500;
// Attempts more at once than have ended, before sockets are looked at again: the first answers free connections for the next
// attempts. All 256 slots in one turn were 256 new connections, and a tenth of a second in which nothing else was done.
const GROWTH_PER_TURN_MAX = 8;
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
  /** A job gave these a fresh schedule. */
  deliveriesRecovered(deliveries: Delivery[]): void;
  /** The destination was saved, paused, resumed, disabled or deleted. */
  destinationChanged(destinationId: string): void;
  start(): Promise<void>;
  /** Takes nothing new, gives attempts under way `graceMs` to end, and commits every outcome. */
  stop(graceMs: number): Promise<void>;
  stats(): { inFlight: number; queued: number; unsettled: number };
  /** What it holds of the shards that are this node's. */
  readonly shards: ShardLanes;
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
  health: DestinationHealth;
  limits: SlotLimits;
  ownership: Ownership;
  /** Deliveries that this node just made and another one sends. */
  tellOwner: (delivery: Delivery) => void;
}

/** How the attempts under way at once are shared out. */
export interface SlotLimits {
  inFlightMax: number;
  /** Of destinations on one host, which is the origin of their URL. */
  perHostMax: number;
  /** Percent that one tenant may hold while others wait. */
  tenantSharePercent: number;
}

export function createWorker(options: WorkerOptions): Worker {
  return new FlowWorker(options);
}

class FlowWorker implements Worker {
  readonly #options: WorkerOptions;
  readonly #schedule: Schedule;
  readonly #feed: LaneFeed;
  readonly #settler: Settler;
  readonly #expiry: Expiry;
  /** Attempts that have begun and are not settled. */
  readonly #underWay = new Map<number, Work>();
  readonly shards: ShardLanes;
  readonly #doors: LaneDoors;
  readonly #byHand: HandRetries;
  #draining: PromiseWithResolvers<void> | null = null;
  #stopping = false;
  /** Set when the grace of a stop is over: what still comes back is not recorded, and is sent again after the next start. */
  #abandoned = false;
  #landed = 0;
  #landedBefore = 0;
  #pumpPlanned = false;
  #timer: { at: number; handle: Timer } | null = null;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { inFlightMax, perHostMax, tenantSharePercent } = options.limits;
    const window = { windowMax: LANE_WINDOW_MAX, windowTotalMax: WINDOW_TOTAL_MAX, windowBytesMax: WINDOW_BYTES_MAX };
    const perTenantMax = Math.max(1, Math.ceil((inFlightMax * tenantSharePercent) / 100));
    this.#schedule = createSchedule({ inFlightMax, perHostMax, perTenantMax, ...window });
    this.#feed = new LaneFeed({ ...options, schedule: this.#schedule, onAdded: () => this.#planPump() });
    this.#settler = createSettler({
      ...options,
      onSettled: (work, settlement) => this.#settled(work, settlement),
      onFenced: (work) => this.#fenced(work),
      onDisabled: (destinationId) => this.destinationChanged(destinationId),
    });
    const parts = { ...options, schedule: this.#schedule, feed: this.#feed };
    this.#doors = createLaneDoors({ ...parts, isMine: (id) => this.shards.isMine(id), onMoved: () => this.#planPump() });
    this.#byHand = createHandRetries({ ...parts, probeWith: (work) => this.#doors.follow(work.delivery.destinationId, work) });
    this.#expiry = createExpiry({
      ...options,
      underWay: () => [...this.#underWay.keys()],
      onExpired: (deliveries) => this.deliveriesChanged(deliveries),
    });
    this.shards = createShardLanes({
      ...parts,
      open: (destination) => this.#doors.open(destination),
      orphaned: (destinationId) => this.#cancelIfOrphaned([destinationId]),
      onReady: () => {
        // What expired while nobody had these shards ends now; nobody has to wait for it, because sending looks too.
        void this.#expiry.sweep();
        this.#planPump();
      },
    });
  }

  offer(works: Work[]): void {
    const { clock, ownership, tellOwner } = this.#options;
    const now = clock.now();
    for (const work of works) {
      if (ownership.owns(work.delivery.destinationId)) this.#offerOne(work, now);
      else tellOwner(work.delivery);
    }
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
      if (!this.#options.ownership.owns(delivery.destinationId)) continue;
      const lane = this.#schedule.lane(delivery.destinationId);
      if (delivery.state === "waiting") this.#byHand.take(lane, delivery);
      else {
        this.#byHand.ended(delivery.seq);
        this.#feed.forget(lane, delivery.seq);
        this.#schedule.drop(lane, delivery.seq);
        this.#leftLine(lane, delivery);
      }
      this.#feed.refill(lane);
    }
    this.#cancelIfOrphaned(deliveries.map((delivery) => delivery.destinationId));
  }

  deliveriesRecovered(deliveries: Delivery[]): void {
    const mine = deliveries.filter(({ destinationId }) => this.#options.ownership.owns(destinationId));
    takeRecovered({ schedule: this.#schedule, feed: this.#feed, underWay: this.#underWay }, mine, this.#options.clock.now());
    for (const { expiresAt } of mine) this.#expiry.watch(expiresAt);
    this.#cancelIfOrphaned(deliveries.map((delivery) => delivery.destinationId));
  }

  destinationChanged(destinationId: string): void {
    if (!this.shards.isMine(destinationId)) return;
    const lane = this.#schedule.lane(destinationId);
    const destination = this.#options.catalog.destination(destinationId);
    if (destination === undefined) {
      this.#options.health.forget(destinationId);
      this.#doors.close(lane);
      this.#cancelIfOrphaned([destinationId]);
      return;
    }
    this.#options.health.follow(destination);
    if (destination.state.kind === "active") {
      for (const of of CLASSES) this.#feed.waitUntil(lane, of, this.#options.clock.now());
    }
    this.#doors.open(destination);
    this.#feed.refill(lane);
    this.#planPump();
  }

  async start(): Promise<void> {
    // Of a store that several nodes share, shards come with the leases on them.
    if (this.#options.ownership.alone) await this.shards.adopt(null);
    this.#planPump();
  }

  async stop(graceMs: number): Promise<void> {
    const { clock } = this.#options;
    this.#stopping = true;
    this.#timer?.handle.cancel();
    this.#feed.stop();
    this.#expiry.stop();
    this.#byHand.stop();
    this.shards.stop();
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
    const now = this.#options.clock.now();
    const { ownership } = this.#options;
    const sendsMax = this.#landed - this.#landedBefore + GROWTH_PER_TURN_MAX;
    this.#landedBefore = this.#landed;
    for (let sent = 0; !this.#stopping && this.#settler.backlog < SETTLE_BACKLOG_MAX && ownership.isValid(now); sent += 1) {
      if (sent === sendsMax) {
        this.#planPump();
        break;
      }
      const work = this.#schedule.take(now);
      if (work === null) break;
      void this.#sendOne(work, ownership.fence(work.delivery.destinationId));
    }
    this.#arm(now);
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

  /** One timer for every rate and every breaker: at the earliest time one of them lets something go. */
  #arm(now: number): void {
    const at = Math.min(this.#schedule.nextWakeAt() ?? Infinity, this.#options.health.nextProbeAt() ?? Infinity);
    if (at === Infinity || this.#stopping || (this.#timer !== null && this.#timer.at <= at)) return;
    this.#timer?.handle.cancel();
    this.#timer = { at, handle: this.#options.clock.after(Math.max(0, at - now), () => this.#wake()) };
  }

  #wake(): void {
    this.#timer = null;
    for (const destinationId of this.#options.health.wake()) this.#doors.follow(destinationId);
    this.#pump();
  }

  async #sendOne(work: Work, fence: number | null): Promise<void> {
    const { catalog, health, sender } = this.#options;
    const { destinationId } = work.delivery;
    const destination = catalog.destination(destinationId);
    if (destination === undefined) {
      // Deleted between queueing and sending; the change itself cancels what waits in the store.
      this.#schedule.landed(work, 0);
      this.#schedule.release(work);
      this.#doors.removeIfEmpty(this.#schedule.lane(destinationId));
      return;
    }
    if (isExpired(work.delivery.expiresAt, this.#options.clock.now())) return this.#expire(work);
    this.#underWay.set(work.delivery.seq, work);
    const outcome = await sender.attempt(work.delivery, work.event, destination);
    this.#landed += 1;
    this.#schedule.landed(work, outcome.durationMs);
    const { exhausted } = health.record(destinationId, outcome.result, outcome.startedAt);
    if (this.#abandoned || isCancelled(outcome)) this.#letGo(work);
    else this.#settler.add(work, outcome, exhausted, fence);
    this.#doors.follow(destinationId);
    this.#feed.refill(this.#schedule.lane(destinationId));
    this.#planPump();
  }

  #letGo(work: Work): void {
    this.#underWay.delete(work.delivery.seq);
    this.#schedule.release(work);
  }

  /** Its time passed while it stood in line. It stays in the window until the store knows, or it would be fetched again. */
  async #expire(work: Work): Promise<void> {
    this.#schedule.landed(work, 0);
    await this.#expiry.sweep();
    this.#schedule.release(work);
    this.#feed.refill(this.#schedule.lane(work.delivery.destinationId));
    this.#planPump();
  }

  #settled(work: Work, { step, leavesLine }: Settlement): void {
    const { seq, destinationId } = work.delivery;
    this.#letGo(work);
    const lane = this.#schedule.lane(destinationId);
    const isRetried = this.#byHand.wasRetried(seq);
    if (!this.#options.ownership.owns(destinationId)) return this.#leftBehind(lane);
    this.#feed.forget(lane, seq);
    if (isRetried) this.#feed.waitUntil(lane, "fresh", this.#options.clock.now());
    else if (step.state === "waiting") {
      this.#feed.waitUntil(lane, classOf({ ...work.delivery, attempts: step.attempts }), step.nextAttemptAt ?? 0);
      // One that was recovered during its attempt stands in another lane of the store than the one it was taken from.
      if (work.delivery.attemptsBefore > 0) this.#feed.waitUntil(lane, "replay", step.nextAttemptAt ?? 0);
    }
    if (step.state !== "waiting" || leavesLine === true) this.#leftLine(lane, work.delivery);
    // Also after a failure: a full window may have kept the lane from looking at the store, and nothing else would make it.
    this.#feed.refill(lane);
    this.#feed.roomFreed();
    this.#doors.removeIfEmpty(lane);
    if (this.#settler.backlog >= SETTLE_BACKLOG_MAX / 2) this.#planPump();
  }

  /** The store has another node's word on it, or soon will: it is read again when the destination is this node's. */
  #fenced(work: Work): void {
    const { seq, destinationId } = work.delivery;
    this.#letGo(work);
    this.#byHand.wasRetried(seq);
    const lane = this.#schedule.lane(destinationId);
    if (!this.#options.ownership.owns(destinationId)) return this.#leftBehind(lane);
    for (const of of CLASSES) this.#feed.waitUntil(lane, of, this.#options.clock.now());
    this.#feed.refill(lane);
  }

  /** Of a lane that is another node's by now. */
  #leftBehind(lane: Lane): void {
    this.#feed.remove(lane);
    this.#schedule.remove(lane);
    this.#feed.roomFreed();
    this.#planPump();
  }

  #offerOne(work: Work, now: number): void {
    const lane = this.#schedule.lane(work.delivery.destinationId);
    const of = classOf(work.delivery);
    this.#expiry.watch(work.delivery.expiresAt);
    // The store may have shown it to a fetch before dispatch heard of its own commit.
    if (lane.window.has(work.delivery.seq)) return;
    const dueAt = work.delivery.nextAttemptAt ?? now;
    // What is older and only in the store goes first; a lane with such a backlog takes nothing over its head.
    // Who is next in an order is for the store to say: what it calls blocked comes when it is let go.
    const { order } = work.delivery;
    if (order?.blocked === true) return;
    // Older than the lease: another node may have sent it since the commit.
    const isOld = work.delivery.createdAt < this.#options.ownership.ownedSince(work.delivery.destinationId);
    const waits = order !== null || isOld || dueAt > now || !lane.open || this.#feed.isBehind(lane, of, now);
    if (waits || !this.#schedule.hasRoom(lane, of, work.event.bodyBytes)) this.#feed.waitUntil(lane, of, dueAt);
    else this.#schedule.add(lane, work);
  }

  /** The store lets the next one of its line go with the same commit: it is due now, and nobody else would look. */
  #leftLine(lane: Lane, { order, jobId }: Delivery): void {
    if (order === null) return;
    // What is blocked has never been tried, so it is no retry.
    this.#feed.released(lane, "fresh");
    if (jobId !== null) this.#feed.released(lane, "replay");
  }

  /** Deleted after dispatch or a command chose it: nothing will ever open its lane. */
  #cancelIfOrphaned(destinationIds: Iterable<string>): void {
    for (const id of new Set(destinationIds)) {
      if (this.#options.catalog.destination(id) === undefined && this.#options.ownership.owns(id)) void this.#cancelOrphans(id);
    }
  }

  async #cancelOrphans(destinationId: string): Promise<void> {
    if (await cancelOrphans(this.#options, destinationId)) return;
    for (const of of CLASSES) this.shards.hint(destinationId, of, this.#options.clock.now());
  }
}

/** The transport was closed under the attempt: nobody knows how it would have ended. */
function isCancelled({ result }: Outcome): boolean {
  return result.kind === "failure" && result.failure === "cancelled";
}
