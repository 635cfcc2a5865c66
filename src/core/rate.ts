// A token bucket as plain state: how many requests a source may take, with the time passed in.
import type { RateLimit } from "./source.ts";

export type TakeResult = { ok: true } | { ok: false; retryAfterMs: number };

export interface TokenBucket {
  /** Takes one token, or says after how many whole milliseconds one will be there. Refusals cost nothing. */
  take(nowMs: number): TakeResult;
}

// Adding up fractions of tokens loses about 1e-16 a step; without this slack a caller that waited exactly
// `retryAfterMs` could be refused again.
const TOKEN_SLACK = 1e-6;

/**
 * Starts full, so that a first burst passes. Over any span it grants at most `burst + perSecond * seconds`.
 * Throws a RangeError for a rate that is not positive or a burst below 1, which would refuse every request.
 */
export function createTokenBucket({ perSecond, burst }: RateLimit): TokenBucket {
  if (!(perSecond > 0) || !Number.isFinite(perSecond)) throw new RangeError("perSecond must be a positive number");
  if (!(burst >= 1) || !Number.isFinite(burst)) throw new RangeError("burst must be at least 1");
  let tokens = burst;
  let filledAtMs: number | null = null;
  return {
    take(nowMs) {
      // A clock that steps back gives nothing and takes nothing: the bucket goes on from the new time.
      const elapsedMs = filledAtMs === null ? 0 : Math.max(0, nowMs - filledAtMs);
      tokens = Math.min(burst, tokens + (elapsedMs * perSecond) / 1000);
      filledAtMs = nowMs;
      if (tokens >= 1 - TOKEN_SLACK) {
        tokens = Math.max(0, tokens - 1);
        return { ok: true };
      }
      return { ok: false, retryAfterMs: Math.max(1, Math.ceil(((1 - tokens) / perSecond) * 1000)) };
    },
  };
}
