// A token bucket as plain state: how many requests a source may take or a destination gets, with the time passed in.
import type { DestinationRate } from "./destination.ts";
import type { RateLimit } from "./source.ts";

export type TakeResult = { ok: true } | { ok: false; retryAfterMs: number };

export interface TokenBucket {
  /** Takes one token, or says after how many whole milliseconds one will be there. Refusals cost nothing. */
  take(nowMs: number): TakeResult;
  /** Goes on under another limit with the tokens there are: a change is no fresh burst. */
  change(limit: RateLimit, nowMs: number): void;
}

// Adding up fractions of tokens loses about 1e-16 a step; without this slack a caller that waited exactly
// `retryAfterMs` could be refused again.
const TOKEN_SLACK = 1e-6;

/**
 * Starts full, so that a first burst passes. Over any span it grants at most `burst + perSecond * seconds`.
 * With `emptyAtMs` it starts empty at that time instead: for a limit on what already flows.
 * Throws a RangeError for a rate that is not positive or a burst below 1, which would refuse every request.
 */
export function createTokenBucket(limit: RateLimit, emptyAtMs: number | null = null): TokenBucket {
  let { perSecond, burst } = checked(limit);
  let tokens = emptyAtMs === null ? burst : 0;
  let filledAtMs = emptyAtMs;

  function fill(nowMs: number): void {
    // A clock that steps back gives nothing and takes nothing: the bucket goes on from the new time.
    const elapsedMs = filledAtMs === null ? 0 : Math.max(0, nowMs - filledAtMs);
    tokens = Math.min(burst, tokens + (elapsedMs * perSecond) / 1000);
    filledAtMs = nowMs;
  }

  return {
    take(nowMs) {
      fill(nowMs);
      if (tokens >= 1 - TOKEN_SLACK) {
        tokens = Math.max(0, tokens - 1);
        return { ok: true };
      }
      return { ok: false, retryAfterMs: Math.max(1, Math.ceil(((1 - tokens) / perSecond) * 1000)) };
    },
    change(next, nowMs) {
      fill(nowMs);
      ({ perSecond, burst } = checked(next));
      tokens = Math.min(burst, tokens);
    },
  };
}

function checked(limit: RateLimit): RateLimit {
  if (!(limit.perSecond > 0) || !Number.isFinite(limit.perSecond)) throw new RangeError("perSecond must be a positive number");
  if (!(limit.burst >= 1) || !Number.isFinite(limit.burst)) throw new RangeError("burst must be at least 1");
  return limit;
}

const UNIT_SECONDS: Readonly<Record<DestinationRate["per"], number>> = { second: 1, minute: 60, hour: 3600 };
/** Of the count: what may come at once after a pause. More would let a window of one unit run over by more than 5 %. */
const BURST_SHARE = 0.05;

/** Spread evenly: a receiver that bears 60 a minute seldom bears 60 in one second. */
export function paceOf({ count, per }: DestinationRate): RateLimit {
  return { perSecond: count / UNIT_SECONDS[per], burst: Math.max(1, count * BURST_SHARE) };
}
