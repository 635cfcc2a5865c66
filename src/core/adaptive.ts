// How many attempts a destination bears at once: found by adding slowly and halving at the first sign of too many.
//
// Additive increase, multiplicative decrease, as TCP does it (RFC 5681): it finds the receiver's limit without being told.

export interface AdaptiveLimit {
  /** Attempts that may be under way at once; at least 1, at most the destination's own cap. */
  readonly limit: number;
  /** A whole answer in time: room for one more after every ten of them. */
  succeeded(): void;
  /** A timeout, 429 or 5xx of an attempt that began at `startedAt`: half as many from now on. */
  overloaded(startedAt: number, now: number): void;
  setMax(max: number): void;
}

const SUCCESSES_PER_STEP = 10;

/** Starts at `max`: most receivers bear it, and one that does not halves it at once. */
export function createAdaptiveLimit(max: number): AdaptiveLimit {
  let limit = max;
  let successes = 0;
  let halvedAt = -Infinity;
  return {
    get limit() {
      return Math.max(1, Math.floor(limit));
    },
    succeeded() {
      if (limit >= max) return;
      successes += 1;
      if (successes < SUCCESSES_PER_STEP) return;
      successes = 0;
      limit = Math.min(max, Math.floor(limit) + 1);
    },
    overloaded(startedAt, now) {
      // Attempts that were already under way at the last halving could not know of it: one burst halves once.
      if (startedAt < halvedAt) return;
      halvedAt = now;
      successes = 0;
      limit = Math.max(1, limit / 2);
    },
    setMax(next) {
      // A raised cap is reached step by step only when the receiver has shown a limit below the old one.
      limit = limit >= max ? next : Math.min(limit, next);
      max = next;
    },
  };
}
