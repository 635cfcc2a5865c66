// What follows an attempt: delivered, another try at a certain time, or the end. Pure: time and chance are passed in.
import type { RetryPolicy } from "./destination.ts";
import { headerValue } from "./event.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { jitteredDelayMs } from "./retry-schedule.ts";
import { isExpired } from "./expiry.ts";
import { ruleFor } from "./status-rule.ts";

/** A receiver that says "too much" or does not answer gets at least a minute, whatever the schedule. */
export const SLOW_DOWN_MS_MIN = 60_000;
/** Nobody can park a delivery longer than this by header alone. */
export const RETRY_AFTER_MS_MAX = 24 * 60 * 60 * 1000;

const SLOW_DOWN_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const TIMEOUT_FAILURES: ReadonlySet<string> = new Set(["connect_timeout", "response_timeout"]);

/** Failures that would be the same at every try. */
const FINAL_FAILURES: ReadonlySet<string> = new Set(["loop"]);

/** What one attempt came to. `headers` is the flat list: name, value, name, value. `failure` is the transport's word. */
export type AttemptOutcome = { kind: "response"; status: number; headers: readonly string[] } | { kind: "failure"; failure: string };

/** What an answer asks for, before the schedule has a say. */
export type ResponseClass =
  | { kind: "success" }
  | { kind: "retry"; waitMsMin: number; slowDown: boolean }
  /** The receiver wants no more of this one message. */
  | { kind: "abort"; reason: string }
  /** The receiver wants no more of anything. */
  | { kind: "disable"; reason: string };

export interface DisableDestination {
  /** One sentence for the owner. */
  reason: string;
}

/** `atMs` is in ms since the Unix epoch and never before `nowMs`. */
export type Decision =
  | { next: "delivered"; disableDestination: DisableDestination | null }
  | { next: "retry"; atMs: number; reason: string }
  | { next: "dead"; reason: string; disableDestination: DisableDestination | null };

export interface DecisionInput {
  outcome: AttemptOutcome;
  /** The attempt just made, counted from the beginning of its schedule; 1 for the first. */
  attemptNumber: number;
  policy: RetryPolicy;
  /** From this time on nobody wants the delivery any more; null for no bound. */
  expiresAt: number | null;
  nowMs: number;
  /** A float in [0, 1). */
  random: number;
}

/**
 * Reads the status and the two headers a receiver steers us with: `retry-after`, and the `webhook-delivery` header of
 * Standard Webhooks (`disable`, `abort-message`). Redirects are failures: they are never followed.
 */
function classifyResponse(status: number, headers: readonly string[], nowMs: number): ResponseClass {
  if (status >= 200 && status <= 299) return { kind: "success" };
  if (status === 410) return { kind: "disable", reason: "The receiver answered 410 Gone." };
  switch (deliveryCommand(headers)) {
    case "disable":
      return { kind: "disable", reason: `The receiver answered ${status} with webhook-delivery: disable.` };
    case "abort-message":
      return { kind: "abort", reason: `The receiver answered ${status} with webhook-delivery: abort-message.` };
    case null:
      break;
  }
  const slowDown = SLOW_DOWN_STATUSES.has(status);
  const askedMs = parseRetryAfter(headerValue(headers, "retry-after"), nowMs) ?? 0;
  const waitMsMin = Math.max(slowDown ? SLOW_DOWN_MS_MIN : 0, Math.min(askedMs, RETRY_AFTER_MS_MAX));
  return { kind: "retry", waitMsMin, slowDown };
}

/**
 * The one place that says what happens after an attempt. The jittered schedule sets the time, and what the receiver
 * asked for is a minimum under it. Ends as dead after `policy.scheduleMs.length` attempts at the latest: sooner where the
 * destination's rules or the delivery's expiry say so. What a receiver orders (410, `webhook-delivery`) comes before rules.
 */
export function decideAfter(input: DecisionInput): Decision {
  const { outcome, nowMs } = input;
  if (outcome.kind === "failure") {
    if (FINAL_FAILURES.has(outcome.failure)) {
      return {
        next: "dead",
        reason: `The attempt failed: ${outcome.failure}. Trying again would change nothing.`,
        disableDestination: null,
      };
    }
    const waitMsMin = TIMEOUT_FAILURES.has(outcome.failure) ? SLOW_DOWN_MS_MIN : 0;
    return retryOrDie(input, waitMsMin, `The attempt failed: ${outcome.failure}.`);
  }
  const answer = classifyResponse(outcome.status, outcome.headers, nowMs);
  switch (answer.kind) {
    case "success":
      return { next: "delivered", disableDestination: disableOnSuccess(outcome) };
    case "abort":
      return { next: "dead", reason: answer.reason, disableDestination: null };
    case "disable":
      return { next: "dead", reason: answer.reason, disableDestination: { reason: answer.reason } };
    case "retry": {
      const rule = ruleFor(input.policy.statuses ?? [], outcome.status);
      if (rule?.retry === false) {
        const reason = `${describeStatus(outcome.status)} The destination's rule ${rule.text} says not to try again.`;
        return { next: "dead", reason, disableDestination: null };
      }
      return retryOrDie(input, answer.waitMsMin, describeStatus(outcome.status));
    }
  }
}

function retryOrDie(input: DecisionInput, waitMsMin: number, what: string): Decision {
  const { attemptNumber, policy, nowMs, random, expiresAt } = input;
  const attempts = policy.scheduleMs.length;
  const delayMs = policy.scheduleMs[attemptNumber];
  if (attemptNumber >= attempts || delayMs === undefined) {
    return {
      next: "dead",
      reason: `${what} That was attempt ${attemptNumber} of ${attempts}.`,
      disableDestination: null,
    };
  }
  const waitMs = Math.max(jitteredDelayMs(delayMs, policy.jitter, random), Math.ceil(waitMsMin));
  const atMs = nowMs + waitMs;
  if (isExpired(expiresAt, atMs)) {
    return {
      next: "dead",
      reason: `${what} The delivery will have expired before attempt ${attemptNumber + 1} of ${attempts}, so that was the last.`,
      disableDestination: null,
    };
  }
  return {
    next: "retry",
    atMs,
    reason: `${what} Attempt ${attemptNumber + 1} of ${attempts} is next.`,
  };
}

/** A receiver may take this message and still ask for no more; the delivery is a success all the same. */
function disableOnSuccess(outcome: { status: number; headers: readonly string[] }): DisableDestination | null {
  if (deliveryCommand(outcome.headers) !== "disable") return null;
  return { reason: `The receiver answered ${outcome.status} with webhook-delivery: disable.` };
}

function deliveryCommand(headers: readonly string[]): "disable" | "abort-message" | null {
  switch (headerValue(headers, "webhook-delivery")?.trim().toLowerCase()) {
    case "disable":
      return "disable";
    case "abort-message":
      return "abort-message";
    default:
      return null;
  }
}

function describeStatus(status: number): string {
  if (status >= 300 && status <= 399) return `The receiver answered ${status}; redirects are never followed.`;
  return `The receiver answered ${status}.`;
}
