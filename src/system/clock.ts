// The only door to time: wall clock, timers. Everything that waits or stamps takes a Clock, so tests can own time.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `callback` once after `delayMs`. The timer keeps the process alive only when `ref` is true. */
  after(delayMs: number, callback: () => void, options?: { ref?: boolean }): Timer;
}

// setTimeout fires at once above 2^31-1 ms, so longer waits are cut and the caller's wheel looks again.
const TIMER_DELAY_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback, options) {
    const handle = setTimeout(callback, Math.min(Math.max(0, delayMs), TIMER_DELAY_MS_MAX));
    if (options?.ref !== true) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `delayMs` on the given clock. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve, { ref: true });
  });
}

export interface Pauses {
  /** Resolves after `delayMs`, or at once when the pauses are ended. */
  pause(delayMs: number): Promise<void>;
  /** Wakes everything that pauses, and lets nothing pause any more. */
  end(): void;
}

/** Sleeps that a stop cuts short. A race against a promise that lives as long as the program would keep every loser. */
export function createPauses(clock: Clock): Pauses {
  const pausing = new Map<Timer, () => void>();
  let ended = false;
  return {
    pause(delayMs) {
      if (ended) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = clock.after(
          delayMs,
          () => {
            pausing.delete(timer);
            resolve();
          },
          { ref: true },
        );
        pausing.set(timer, resolve);
      });
    },
    end() {
      ended = true;
      for (const [timer, resolve] of pausing) {
        timer.cancel();
        resolve();
      }
      pausing.clear();
    },
  };
}
