// Feeds lanes from the store: knows when the next delivery of each lane and class is due there, and fetches it when there is room.
import type { Delivery } from "../core/delivery.ts";
import { createDueHeap } from "../core/due-heap.ts";
import { CLASSES, type Lane, type WorkClass } from "../core/lane.ts";
import type { Schedule } from "../core/schedule.ts";
import type { Logger } from "../log.ts";
import type { Store } from "../store/store.ts";
import { type Clock, createPauses, type Timer } from "../system/clock.ts";
import { createEventReads, type EventReads } from "./event-reads.ts";

// Deliveries of one class that a destination may hold in memory; the rest of its backlog is rows in the store.
export const LANE_WINDOW_MAX = 2_000;
// A look at the store asks for a few at first and for twice as many each time the lane has sent half of them: 10,000
// destinations that come back at once each begin to send soon, and a quick one still reads its backlog in large pieces.
const FETCH_MIN = 8;
const FETCH_MAX = 500;
// A look is made when a quarter of its size is left, which is then one for each slot of the lane.
const RELEASED_PER_SLOT = 4;
// Looks under way at once. The writer answers those that wait together, so a few at a time would wait for a commit each.
const LOOKS_MAX = 1_024;
const RETRY_WAIT_MS = 1_000;
// Before bodies that found no room in memory are read again.
const NO_ROOM_WAIT_MS = 100;

export interface LaneFeedOptions {
  store: Store;
  clock: Clock;
  log: Logger;
  schedule: Schedule;
  /** Called when something was added to the schedule. */
  onAdded: () => void;
}

/** What the store holds of one class of one lane. */
interface Shelf {
  readonly lane: Lane;
  readonly of: WorkClass;
  /** When the earliest delivery that is only in the store is due; null when none is. */
  dueAt: number | null;
  /** Set while a look is under way: what left memory or was cancelled meanwhile. That look's answer is older. */
  gone: Set<number> | null;
  /** Whether it stands in line for a look, or for memory. */
  waits: boolean;
  /** How many the next look asks for. */
  batch: number;
  /** The lane was let go: what a look under way brings is not this node's any more, also when the lane is by then. */
  dropped: boolean;
}

export class LaneFeed {
  readonly #options: LaneFeedOptions;
  readonly #shelves = new Map<Lane, readonly Shelf[]>();
  readonly #due = createDueHeap<Shelf>();
  readonly #pauses: ReturnType<typeof createPauses>;
  readonly #events: EventReads;
  /** In the order in which they came, so that a lane with a large backlog stands behind those with a small one. */
  readonly #line = new Set<Shelf>();
  /** Those that wait for others to leave memory. */
  readonly #starved = new Set<Shelf>();
  #looks = 0;
  /** Deliveries that looks under way may bring. */
  #expected = 0;
  #timer: { at: number; handle: Timer } | null = null;
  #stopping = false;

  constructor(options: LaneFeedOptions) {
    this.#options = options;
    this.#pauses = createPauses(options.clock);
    this.#events = createEventReads(options.store);
  }

  /** A delivery of this lane and class waits in the store until `dueAt`. */
  waitUntil(lane: Lane, of: WorkClass, dueAt: number): void {
    this.#wait(this.#shelf(lane, of), dueAt);
  }

  /** The store let one of this class go just now, as others will: a look fetches enough of them to keep the lane's slots busy. */
  released(lane: Lane, of: WorkClass): void {
    const shelf = this.#shelf(lane, of);
    shelf.batch = Math.max(shelf.batch, Math.min(FETCH_MAX, lane.concurrencyMax * RELEASED_PER_SLOT));
    this.#wait(shelf, this.#options.clock.now());
  }

  /** Whether older deliveries of this class that are only in the store are due: they go first. */
  isBehind(lane: Lane, of: WorkClass, now: number): boolean {
    const { dueAt } = this.#shelf(lane, of);
    return dueAt !== null && dueAt <= now;
  }

  /** What a look at the store that is under way may still show, although it has left memory since or was cancelled. */
  forget(lane: Lane, deliverySeq: number): void {
    for (const { gone } of this.#shelvesOf(lane)) gone?.add(deliverySeq);
  }

  /** Fetches what is due for a lane where it has run low and the store has something. */
  refill(lane: Lane): void {
    if (this.#stopping || !lane.open) return;
    const now = this.#options.clock.now();
    for (const shelf of this.#shelvesOf(lane)) this.#join(shelf, now);
    this.#look();
  }

  /** Something has left memory: lanes that waited for that go on. */
  roomFreed(): void {
    if (this.#starved.size === 0 || this.#room() <= 0) return;
    for (const shelf of this.#starved) {
      this.#starved.delete(shelf);
      this.#line.add(shelf);
      if (this.#line.size >= LOOKS_MAX) break;
    }
    this.#look();
  }

  /** The lane was emptied: what was queued waits in the store, and the next look is a small one again. */
  parked(lane: Lane, held: readonly WorkClass[]): void {
    for (const shelf of this.#shelvesOf(lane)) shelf.batch = FETCH_MIN;
    for (const of of held) this.waitUntil(lane, of, this.#options.clock.now());
  }

  /** Of a destination that is gone, or another node's. */
  remove(lane: Lane): void {
    for (const shelf of this.#shelvesOf(lane)) {
      shelf.dueAt = null;
      shelf.dropped = true;
      this.#line.delete(shelf);
      this.#starved.delete(shelf);
    }
    this.#shelves.delete(lane);
  }

  stop(): void {
    this.#stopping = true;
    this.#timer?.handle.cancel();
    this.#pauses.end();
  }

  #shelvesOf(lane: Lane): readonly Shelf[] {
    let shelves = this.#shelves.get(lane);
    if (shelves === undefined) {
      shelves = CLASSES.map((of) => ({ lane, of, dueAt: null, gone: null, waits: false, batch: FETCH_MIN, dropped: false }));
      this.#shelves.set(lane, shelves);
    }
    return shelves;
  }

  #shelf(lane: Lane, of: WorkClass): Shelf {
    return this.#shelvesOf(lane)[CLASSES.indexOf(of)]!;
  }

  #wait(shelf: Shelf, dueAt: number): void {
    if (shelf.dropped || (shelf.dueAt !== null && shelf.dueAt <= dueAt)) return;
    shelf.dueAt = dueAt;
    this.#due.push(dueAt, shelf);
    this.#arm();
  }

  #join(shelf: Shelf, now: number): void {
    const { lane, of } = shelf;
    // A lane that holds nothing any more needs no memory of others: it may always have one.
    if (shelf.waits && lane.window.size === 0 && this.#starved.delete(shelf)) this.#line.add(shelf);
    if (shelf.gone !== null || shelf.waits || shelf.dueAt === null || shelf.dueAt > now) return;
    // A quarter of the next look is half of the last one.
    if (lane.queuedOf(of) > shelf.batch / 4 || lane.windowOf(of) > LANE_WINDOW_MAX / 2) return;
    shelf.waits = true;
    this.#line.add(shelf);
  }

  #look(): void {
    for (const shelf of this.#line) {
      if (this.#looks >= LOOKS_MAX || this.#stopping) return;
      this.#line.delete(shelf);
      if (!shelf.lane.open) shelf.waits = false;
      else if (shelf.lane.window.size > 0 && this.#room() <= 0) this.#starved.add(shelf);
      else this.#start(shelf);
    }
  }

  #start(shelf: Shelf): void {
    const { clock, log } = this.#options;
    const gone = new Set<number>();
    shelf.waits = false;
    shelf.gone = gone;
    shelf.dueAt = null;
    this.#looks += 1;
    const limit = Math.max(1, Math.min(shelf.batch, LANE_WINDOW_MAX - shelf.lane.windowOf(shelf.of), this.#room()));
    this.#expected += limit;
    void this.#fetch(shelf, gone, limit)
      .catch(async (error: unknown) => {
        log.error({ error, destinationId: shelf.lane.destinationId }, "due deliveries could not be read; trying again");
        await this.#pauses.pause(RETRY_WAIT_MS);
        this.#wait(shelf, clock.now());
      })
      .finally(() => {
        this.#looks -= 1;
        this.#expected -= limit;
        shelf.gone = null;
        this.refill(shelf.lane);
        this.#look();
      });
  }

  async #fetch(shelf: Shelf, gone: ReadonlySet<number>, limit: number): Promise<void> {
    const { store, clock, schedule } = this.#options;
    const { lane, of } = shelf;
    const query = { destinationId: lane.destinationId, class: of, now: clock.now(), limit, skipSeqs: [...lane.window] };
    const { deliveries, nextDueAt, bodyBytes } = await store.dueDeliveries(query);
    if (shelf.dropped) return;
    if (nextDueAt !== null) this.#wait(shelf, nextDueAt);
    // Whoever has worked off its backlog begins the next one small.
    shelf.batch = nextDueAt !== null && nextDueAt <= query.now ? Math.min(FETCH_MAX, shelf.batch * 2) : FETCH_MIN;
    if (deliveries.length === 0 || this.#stopping || !lane.open) return this.#leave(shelf, deliveries);
    const events = await this.#events.read(
      deliveries.map((delivery) => delivery.eventSeq),
      bodyBytes,
    );
    if (shelf.dropped) return;
    let left = false;
    for (const delivery of deliveries) {
      const event = events.get(delivery.eventSeq);
      // Dispatch may have handed it over, or a command moved it meanwhile; a full window leaves it where it is.
      if (event === undefined || lane.window.has(delivery.seq) || gone.has(delivery.seq)) continue;
      if (lane.open && schedule.hasRoom(lane, of, event.bodyBytes)) schedule.add(lane, { delivery, event });
      else left = true;
    }
    if (left) this.#lookAgain(shelf, clock.now());
    this.#options.onAdded();
  }

  /** Without what looks under way will take up. */
  #room(): number {
    return this.#options.schedule.room - this.#expected;
  }

  /** The lane was closed during the look: what it showed is still there. */
  #leave(shelf: Shelf, deliveries: readonly Delivery[]): void {
    if (deliveries.length > 0) this.#wait(shelf, this.#options.clock.now());
  }

  /** What was read found no room. A lane that is full itself looks again as it empties; one that others keep out waits for them to go. */
  #lookAgain(shelf: Shelf, now: number): void {
    if (!shelf.lane.open || shelf.lane.windowOf(shelf.of) > LANE_WINDOW_MAX / 2) return this.#wait(shelf, now);
    // Also when the store has more that is due: at once it would find no room either, and would be read again and again.
    shelf.dueAt = null;
    this.#wait(shelf, now + NO_ROOM_WAIT_MS);
  }

  /** One timer for all lanes: at the earliest time anything in the store is due. */
  #arm(): void {
    const { clock } = this.#options;
    const at = this.#due.earliest();
    if (at === null || this.#stopping || (this.#timer !== null && this.#timer.at <= at)) return;
    this.#timer?.handle.cancel();
    this.#timer = { at, handle: clock.after(Math.max(0, at - clock.now()), () => this.#lookAtDue()) };
  }

  #lookAtDue(): void {
    this.#timer = null;
    const now = this.#options.clock.now();
    for (let shelf = this.#due.popDue(now); shelf !== undefined; shelf = this.#due.popDue(now)) {
      if (shelf.lane.open) this.#join(shelf, now);
    }
    this.#look();
    this.#arm();
  }
}
