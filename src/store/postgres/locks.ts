// What the server says when a lock could not be had in time.

const LOCK_NOT_AVAILABLE = "55P03";
const QUERY_CANCELED = "57014";
const DEADLOCK_DETECTED = "40P01";

/** Whether a statement ended because others held what it needed, or because moving it took longer than it may. */
export function isLockedOut(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  return [code, cause?.code].some((one) => one === LOCK_NOT_AVAILABLE || one === QUERY_CANCELED || one === DEADLOCK_DETECTED);
}
