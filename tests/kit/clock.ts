// A clock that tests own: time passes only when told to, and everything it sets in motion comes to rest before it goes on.
import { type Clock, systemClock, type Timer } from "../../src/system/clock.ts";

export interface TestClock extends Clock {
  /** Lets `ms` pass, firing each timer at its own time and letting its work come to rest before the next. */
  advance(ms: number): Promise<void>;
  /** Lets `ms` pass at once, as after a suspended machine: all timers that fell due meanwhile fire at the end. */
  jump(ms: number): Promise<void>;
  /** Sets the wall clock, also back, as an administrator would. Timers keep their remaining time. */
  setWall(nowMs: number): void;
  /** Advances step by step until the predicate holds; throws when it does not within `limitMs`. */
  advanceUntil(predicate: () => boolean | Promise<boolean>, options?: { stepMs?: number; limitMs?: number; what?: string }): Promise<void>;
  /** Waits until promises, immediates and everything watched are at rest, firing timers that are already due. */
  settle(): Promise<void>;
  /** `settle` goes on as long as this answers true. */
  watch(isBusy: () => boolean): void;
  /** A clock whose timers die with it: what belongs to a process that a test lets crash. */
  lifetime(): Lifetime;
}

export interface Lifetime {
  clock: Clock;
  end(): void;
}

interface Entry {
  dueAt: number;
  order: number;
  callback: () => void;
}

// Work hops between promises, immediates and the replies of threads; this many quiet turns in a row are rest.
const QUIET_TURNS = 4;
const SETTLE_REAL_MS_MAX = 20_000;
/** A timer that keeps setting itself for the present is a busy loop, and would hang a test without a word. */
const FIRED_AT_ONE_TIME_MAX = 20_000;

export function createTestClock(startMs = Date.UTC(2026, 0, 1)): TestClock {
  // Timers count this; the wall is it plus an offset, so that setting the wall moves no timer.
  let elapsed = 0;
  let offset = startMs;
  let order = 0;
  const timers = new Set<Entry>();
  const watched: (() => boolean)[] = [];

  function after(delayMs: number, callback: () => void): Timer {
    const entry: Entry = { dueAt: elapsed + Math.max(0, delayMs), order: (order += 1), callback };
    timers.add(entry);
    return { cancel: () => void timers.delete(entry) };
  }

  function earliest(): Entry | null {
    let first: Entry | null = null;
    for (const entry of timers) {
      if (first === null || entry.dueAt < first.dueAt || (entry.dueAt === first.dueAt && entry.order < first.order)) first = entry;
    }
    return first;
  }

  function fireDue(): boolean {
    const entry = earliest();
    if (entry === null || entry.dueAt > elapsed) return false;
    timers.delete(entry);
    entry.callback();
    return true;
  }

  async function settle(): Promise<void> {
    const giveUpAt = systemClock.now() + SETTLE_REAL_MS_MAX;
    let fired = 0;
    for (let quiet = 0; quiet < QUIET_TURNS;) {
      await turn();
      if (watched.some((isBusy) => isBusy())) {
        quiet = 0;
        if (systemClock.now() > giveUpAt) throw new Error(`Something watched stayed busy for ${SETTLE_REAL_MS_MAX} ms of real time.`);
      } else if (fireDue()) {
        quiet = 0;
        if ((fired += 1) > FIRED_AT_ONE_TIME_MAX) throw new Error("Timers keep firing without time passing: a busy loop.");
      } else {
        quiet += 1;
      }
    }
  }

  async function advance(ms: number): Promise<void> {
    const target = elapsed + ms;
    await settle();
    for (let next = earliest(); next !== null && next.dueAt <= target; next = earliest()) {
      elapsed = Math.max(elapsed, next.dueAt);
      await settle();
    }
    elapsed = target;
    await settle();
  }

  const now = () => Math.floor(offset + elapsed);

  return {
    now,
    after,
    advance,
    async jump(ms) {
      elapsed += ms;
      await settle();
    },
    setWall(nowMs) {
      offset = nowMs - elapsed;
    },
    async advanceUntil(predicate, { stepMs = 10, limitMs = 60_000, what = "the awaited state" } = {}) {
      const limit = elapsed + limitMs;
      await settle();
      while (!(await predicate())) {
        if (elapsed >= limit) throw new Error(`${what} was not reached within ${limitMs} ms of test time.`);
        await advance(stepMs);
      }
    },
    settle,
    watch: (isBusy) => void watched.push(isBusy),
    lifetime() {
      let ended = false;
      const own = new Set<Timer>();
      return {
        clock: {
          now,
          after(delayMs, callback) {
            if (ended) return { cancel: () => undefined };
            const timer = after(delayMs, () => {
              own.delete(timer);
              callback();
            });
            own.add(timer);
            return timer;
          },
        },
        end() {
          ended = true;
          for (const timer of own) timer.cancel();
          own.clear();
        },
      };
    },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Polls a state that real sockets or threads bring about; rejects after `timeoutMs` of real time. */
export async function awaitState<T>(what: string, read: () => Promise<T | null | undefined | false>, timeoutMs = 10_000): Promise<T> {
  const giveUpAt = systemClock.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (value !== null && value !== undefined && value !== false) return value;
    if (systemClock.now() > giveUpAt) throw new Error(`${what} did not come about within ${timeoutMs} ms.`);
    await turn();
  }
}
