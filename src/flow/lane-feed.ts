// Feeds lanes from the store: knows when each lane's next delivery is due there, and fetches it when the lane has room.
import { createDueHeap } from "../core/due-heap.ts";
import type { Lane, Schedule } from "../core/schedule.ts";
import type { Logger } from "../log.ts";
import type { Store } from "../store/store.ts";
import { type Clock, createPauses, type Timer } from "../system/clock.ts";

// Deliveries a destination may hold in memory; the rest of its backlog is rows in the store.
export const LANE_WINDOW_MAX = 2_000;
// One look at the store fetches this much, when at least half of it has room.
const FETCH_MAX = 500;
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

export class LaneFeed {
  readonly #options: LaneFeedOptions;
  readonly #due = createDueHeap<Lane>();
  readonly #pauses: ReturnType<typeof createPauses>;
  /** Lanes with a look at the store under way, and what left memory or was cancelled meanwhile: that look's answer is older. */
  readonly #fetching = new Map<Lane, Set<number>>();
  #timer: { at: number; handle: Timer } | null = null;
  #stopping = false;

  constructor(options: LaneFeedOptions) {
    this.#options = options;
    this.#pauses = createPauses(options.clock);
  }

  /** A delivery of this lane waits in the store until `dueAt`. */
  waitUntil(lane: Lane, dueAt: number): void {
    if (lane.storeDueAt !== null && lane.storeDueAt <= dueAt) return;
    lane.storeDueAt = dueAt;
    this.#due.push(dueAt, lane);
    this.#arm();
  }

  /** What a look at the store that is under way may still show, although it has left memory since or was cancelled. */
  forget(lane: Lane, deliverySeq: number): void {
    this.#fetching.get(lane)?.add(deliverySeq);
  }

  /** Fetches what is due for a lane when it has run low and the store has something. */
  refill(lane: Lane): void {
    const { clock, log } = this.#options;
    if (this.#stopping || !lane.open || this.#fetching.has(lane) || lane.storeDueAt === null || lane.storeDueAt > clock.now()) return;
    if (lane.window.size > LANE_WINDOW_MAX / 2) return;
    const gone = new Set<number>();
    this.#fetching.set(lane, gone);
    lane.storeDueAt = null;
    void this.#fetch(lane, gone)
      .catch(async (error: unknown) => {
        log.error({ error, destinationId: lane.destinationId }, "due deliveries could not be read; trying again");
        await this.#pauses.pause(RETRY_WAIT_MS);
        this.waitUntil(lane, clock.now());
      })
      .finally(() => {
        this.#fetching.delete(lane);
        this.refill(lane);
      });
  }

  stop(): void {
    this.#stopping = true;
    this.#timer?.handle.cancel();
    this.#pauses.end();
  }

  async #fetch(lane: Lane, gone: ReadonlySet<number>): Promise<void> {
    const { store, clock, schedule } = this.#options;
    const limit = Math.min(FETCH_MAX, LANE_WINDOW_MAX - lane.window.size);
    const { deliveries, nextDueAt } = await store.dueDeliveries(lane.destinationId, clock.now(), limit, [...lane.window]);
    if (nextDueAt !== null) this.waitUntil(lane, nextDueAt);
    if (deliveries.length === 0 || this.#stopping || !lane.open) return;
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
    if (left) this.#lookAgain(lane, clock.now());
    this.#options.onAdded();
  }

  /** What was read found no room. A lane that is full itself looks again as it empties; one that bodies keep out waits for them to go. */
  #lookAgain(lane: Lane, now: number): void {
    if (lane.window.size > LANE_WINDOW_MAX / 2) return this.waitUntil(lane, now);
    // Also when the store has more that is due: at once it would find no room either, and would be read again and again.
    lane.storeDueAt = null;
    this.waitUntil(lane, now + NO_ROOM_WAIT_MS);
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
    for (let lane = this.#due.popDue(now); lane !== undefined; lane = this.#due.popDue(now)) this.refill(lane);
    this.#arm();
  }
}
