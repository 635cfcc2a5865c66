// What the end of an attempt says of its destination: of its health, and of how much it bears. Pure.
import type { Health } from "./breaker.ts";
import { headerValue } from "./event.ts";
import type { AttemptOutcome } from "./retry.ts";

/**
 * Only what this table names counts against a receiver. Every other failure is ours or the configuration's (a blocked
 * address, a request that cannot be built, a forward proxy, an attempt we cancelled): a breaker that opened for those
 * would hold back deliveries for something that waiting does not mend.
 */
const RECEIVERS_FAULT: ReadonlyMap<string, Health> = new Map<string, Health>([
  ["dns_error", "connect_error"],
  ["connect_refused", "connect_error"],
  ["connect_timeout", "connect_error"],
  ["tls_error", "connect_error"],
  ["connection_reset", "failure"],
  ["network_error", "failure"],
  ["response_timeout", "failure"],
  ["malformed_response", "failure"],
  ["response_headers_too_large", "failure"],
]);

/** Null when it says nothing of the receiver. */
export function healthOf(outcome: AttemptOutcome): Health | null {
  if (outcome.kind === "failure") return RECEIVERS_FAULT.get(outcome.failure) ?? null;
  if (outcome.status >= 200 && outcome.status <= 299) return "success";
  // It refuses one message, in words of its own: a receiver that can say so is there and works.
  if (headerValue(outcome.headers, "webhook-delivery")?.trim().toLowerCase() === "abort-message") return null;
  return "failure";
}

/** Signs that fewer attempts at once would fare better: no answer in time, 429, 5xx. */
export function isOverload(outcome: AttemptOutcome): boolean {
  if (outcome.kind === "failure") return outcome.failure === "response_timeout" || outcome.failure === "connect_timeout";
  return outcome.status === 429 || (outcome.status >= 500 && outcome.status <= 599);
}
