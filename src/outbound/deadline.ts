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

export interface Deadlines {
  /** Milliseconds that never go back, whatever happens to the wall clock. */
  now(): number;
  /** `lengthMs` counts from the last `now()`, which the caller has just asked for. */
  add(entry: Deadlined, startedAt: number, lengthMs: number): void;
  remove(entry: Deadlined): void;
  /** Cancels every entry. */
  close(): void;
}

// Deadlines closer together than this share one wake-up; it is 0.1 % of the default deadline of 20 s.
const TICK_MS_MIN = 20;

export function createDeadlines(clock: Clock): Deadlines {
  const queues = new Map<number, DeadlineQueue>();
  let timer: Timer | null = null;
  let timerAt = Number.POSITIVE_INFINITY;
  let wallAt = clock.now();
  let elapsedMs = 0;

  // The clock only tells wall time. Set back, it hides the time since the last reading, which `fire` makes up for;
  // set either way, it can end what is in flight early, never late, and what ends early is retried.
  function now(): number {
    const wall = clock.now();
    if (wall > wallAt) elapsedMs += wall - wallAt;
    wallAt = wall;
    return elapsedMs;
  }

  function arm(dueAt: number): void {
    if (dueAt >= timerAt) return;
    timer?.cancel();
    const delayMs = Math.max(dueAt - elapsedMs, TICK_MS_MIN);
    timerAt = elapsedMs + delayMs;
    timer = clock.after(delayMs, fire);
  }

  function fire(): void {
    // The timer runs on the monotonic clock: at least its delay has passed even if the wall clock says otherwise.
    elapsedMs = Math.max(now(), timerAt);
    timer = null;
    timerAt = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const queue of queues.values()) {
      while (queue.head !== null && queue.head.dueAt <= elapsedMs) {
        const entry = queue.head;
        remove(entry);
        entry.expire();
      }
      if (queue.head === null) queues.delete(queue.lengthMs);
      else next = Math.min(next, queue.head.dueAt);
    }
    if (next < Number.POSITIVE_INFINITY) arm(next);
  }

  function add(entry: Deadlined, startedAt: number, lengthMs: number): void {
    let queue = queues.get(lengthMs);
    if (queue === undefined) {
      queue = { lengthMs, head: null, tail: null };
      queues.set(lengthMs, queue);
    }
    entry.dueAt = startedAt + lengthMs;
    entry.queue = queue;
    entry.next = null;
    entry.previous = queue.tail;
    if (queue.tail === null) queue.head = entry;
    else queue.tail.next = entry;
    queue.tail = entry;
    arm(entry.dueAt);
  }

  function remove(entry: Deadlined): void {
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

  return {
    now,
    add,
    remove,
    close() {
      timer?.cancel();
      timer = null;
      timerAt = Number.POSITIVE_INFINITY;
      for (const queue of queues.values()) {
        while (queue.head !== null) {
          const entry = queue.head;
          remove(entry);
          entry.cancel();
        }
      }
    },
  };
}
