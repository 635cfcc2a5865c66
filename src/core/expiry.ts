// When a delivery is of no use any more: by the event's own bound, and by the age its subscription allows.

/** A delivery's own bound; null when it is good for ever. In ms since the Unix epoch. */
export type ExpiresAt = number | null;

/** The earlier of what the event says and what its subscription allows from `fromMs` on. */
export function expiryOf(deliverBefore: number | null, expireAfterMs: number | null, fromMs: number): ExpiresAt {
  const byAge = expireAfterMs === null ? Infinity : fromMs + expireAfterMs;
  const at = Math.min(deliverBefore ?? Infinity, byAge);
  return at === Infinity ? null : at;
}

/** An attempt may begin up to this time, and not at it. */
export function isExpired(expiresAt: ExpiresAt, atMs: number): boolean {
  return expiresAt !== null && atMs >= expiresAt;
}

/** Why one ended that was not tried in time. */
export const EXPIRED_REASON = "The delivery expired: its time passed before the next attempt could begin.";
