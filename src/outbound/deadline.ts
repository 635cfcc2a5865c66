// Absolute deadlines for everything in flight, with one timer for all of them.
import type { Clock, Timer } from "../system/clock.ts";

/** Something with a deadline. The fields belong to `Deadlines`; they make adding and removing free of allocation. */
export interface Deadlined {
  dueAt: number;
  queue: DeadlineQueue | null;
  previous: Deadlined | null;
  next: Deadlined | null;
  /** Called once when the deadline passes; the entry has been removed by then. */
  expire(): void;
  /** Called once when everything ends. */
  cancel(): void;
}

/** Entries of one deadline length: the order of adding is the order of expiry, so only the head is ever looked at. */
export interface DeadlineQueue {
  lengthMs: number;
  head: Deadlined | null;
  tail: Deadlined | null;
}

// Deadlines closer together than this share one wake-up; it is 0.1 % of the default deadline of 20 s.
const TICK_MS_MIN = 20;
const NEVER = Number.POSITIVE_INFINITY;

export class Deadlines {
  readonly #clock: Clock;
  readonly #queues = new Map<number, DeadlineQueue>();
  #timer: Timer | null = null;
  #timerAt = NEVER;
  #wallAt: number;
  #elapsedMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wallAt = clock.now();
  }

  /**
   * Milliseconds that never go back. The clock only tells wall time. Set back, it hides the time since the last reading,
   * which `#fire` makes up for; set either way, it can end what is in flight early, never late, and that is retried.
   */
  now(): number {
    const wall = this.#clock.now();
    if (wall > this.#wallAt) this.#elapsedMs += wall - this.#wallAt;
    this.#wallAt = wall;
    return this.#elapsedMs;
  }

  /** `startedAt` is what `now()` has just answered. */
  add(entry: Deadlined, startedAt: number, lengthMs: number): void {
    let queue = this.#queues.get(lengthMs);
    if (queue === undefined) {
      queue = { lengthMs, head: null, tail: null };
      this.#queues.set(lengthMs, queue);
    }
    entry.dueAt = startedAt + lengthMs;
    entry.queue = queue;
    entry.next = null;
    entry.previous = queue.tail;
    if (queue.tail === null) queue.head = entry;
    else queue.tail.next = entry;
    queue.tail = entry;
    this.#arm(entry.dueAt);
  }

  remove(entry: Deadlined): void {
    const queue = entry.queue;
    if (queue === null) return;
    if (entry.previous === null) queue.head = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === null) queue.tail = entry.previous;
    else entry.next.previous = entry.previous;
    entry.queue = null;
    entry.previous = null;
    entry.next = null;
  }

  /** Cancels every entry. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#timerAt = NEVER;
    for (const queue of this.#queues.values()) {
      while (queue.head !== null) {
        const entry = queue.head;
        this.remove(entry);
        entry.cancel();
      }
    }
  }

  /** The timer stands at the first deadline of when it was armed; most are removed before, so it fires about once per length. */
  #arm(dueAt: number): void {
    if (dueAt >= this.#timerAt) return;
    this.#timer?.cancel();
    const delayMs = Math.max(dueAt - this.#elapsedMs, TICK_MS_MIN);
    this.#timerAt = this.#elapsedMs + delayMs;
    this.#timer = this.#clock.after(delayMs, () => this.#fire());
  }

  #fire(): void {
    // The timer runs on the monotonic clock: at least its delay has passed even if the wall clock says otherwise.
    this.#elapsedMs = Math.max(this.now(), this.#timerAt);
    this.#timer = null;
    this.#timerAt = NEVER;
    let next = NEVER;
    for (const queue of this.#queues.values()) {
      while (queue.head !== null && queue.head.dueAt <= this.#elapsedMs) {
        const entry = queue.head;
        this.remove(entry);
        entry.expire();
      }
      if (queue.head === null) this.#queues.delete(queue.lengthMs);
      else next = Math.min(next, queue.head.dueAt);
    }
    if (next < NEVER) this.#arm(next);
  }
}
