// How long to wait between the attempts of a delivery: the default schedule, its limits and its preview.
import type { ExponentialSchedule, RetryPolicy } from "./destination.ts";
import { parseStatusRule, STATUS_RULES_MAX } from "./status-rule.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * The delay before each of ten attempts, 75 h 35 m in all: fast enough for a restart, long enough for a weekend.
 * It is the example schedule of Standard Webhooks.
 */
export const DEFAULT_SCHEDULE_MS: readonly number[] = [
  0,
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** ±20 %, so that what failed together is not retried together. */
const DEFAULT_JITTER = 0.2;

export const ATTEMPTS_MAX = 100;
export const DELAY_MS_MAX = 7 * DAY_MS;
const SCHEDULE_MS_MAX = 30 * DAY_MS;
/** Above one half, a delay and the one after it could change places. */
export const JITTER_MAX = 0.5;
/** More than tenfold reaches the longest delay within seven waits from one millisecond on. */
export const FACTOR_MAX = 10;

/** A fresh copy, because policies are stored per destination and may be edited. */
export function defaultRetryPolicy(): RetryPolicy {
  return { scheduleMs: [...DEFAULT_SCHEDULE_MS], jitter: DEFAULT_JITTER };
}

export type ScheduleVerdict = { ok: true } | { ok: false; message: string };

/** Whether a schedule can be saved; the message is for the person who wrote it. Delays are whole milliseconds. */
export function validateSchedule(scheduleMs: readonly number[]): ScheduleVerdict {
  if (scheduleMs.length < 1 || scheduleMs.length > ATTEMPTS_MAX) {
    return { ok: false, message: `A schedule has 1 to ${ATTEMPTS_MAX} attempts; this one has ${scheduleMs.length}.` };
  }
  if (scheduleMs[0] !== 0) {
    return {
      ok: false,
      message: "The first attempt is made at once, so its delay is 0; to wait, set the subscription's delayMs.",
    };
  }
  for (const [i, delayMs] of scheduleMs.entries()) {
    if (!Number.isInteger(delayMs) || delayMs < 0 || delayMs > DELAY_MS_MAX) {
      return {
        ok: false,
        message: `Delay ${i + 1} must be a whole number of milliseconds from 0 to ${DELAY_MS_MAX} (7 days).`,
      };
    }
  }
  const totalMs = scheduleMs.reduce((sum, delayMs) => sum + delayMs, 0);
  if (totalMs > SCHEDULE_MS_MAX) return { ok: false, message: "A schedule lasts at most 30 days in all." };
  return { ok: true };
}

export interface PolicyProblem {
  /** Where in the policy. */
  path: string;
  message: string;
}

/** Everything wrong with a policy: schedule, jitter and rules. */
export function validateRetryPolicy(policy: RetryPolicy): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const { schedule, statuses = [] } = policy;
  if (!(policy.jitter >= 0 && policy.jitter <= JITTER_MAX)) {
    problems.push({ path: "jitter", message: `Jitter is a fraction from 0 to ${JITTER_MAX}: 0.2 means ±20 %.` });
  }
  if (schedule !== undefined) problems.push(...validateExponential(schedule));
  else {
    const verdict = validateSchedule(policy.scheduleMs);
    if (!verdict.ok) problems.push({ path: "scheduleMs", message: verdict.message });
  }
  if (statuses.length > STATUS_RULES_MAX) problems.push({ path: "statuses", message: `At most ${STATUS_RULES_MAX} rules.` });
  for (const [index, text] of statuses.entries()) {
    const verdict = parseStatusRule(text);
    if (!verdict.ok) problems.push({ path: `statuses[${index}]`, message: verdict.message });
  }
  return problems;
}

function validateExponential(schedule: ExponentialSchedule): PolicyProblem[] {
  const { firstMs, factor, maxDelayMs, attempts, maxElapsedMs } = schedule;
  const problems: PolicyProblem[] = [];
  const whole = (name: string, value: number, min: number, max: number) => {
    if (!Number.isInteger(value) || value < min || value > max) {
      problems.push({ path: `schedule.${name}`, message: `This must be a whole number from ${min} to ${max}.` });
    }
  };
  whole("firstMs", firstMs, 1, DELAY_MS_MAX);
  whole("maxDelayMs", maxDelayMs, 1, DELAY_MS_MAX);
  whole("attempts", attempts, 1, ATTEMPTS_MAX);
  if (maxElapsedMs !== undefined) whole("maxElapsedMs", maxElapsedMs, 1, SCHEDULE_MS_MAX);
  if (!(factor >= 1 && factor <= FACTOR_MAX)) {
    problems.push({ path: "schedule.factor", message: `This must be a number from 1 to ${FACTOR_MAX}.` });
  }
  if (problems.length > 0) return problems;
  if (maxDelayMs < firstMs) problems.push({ path: "schedule.maxDelayMs", message: "This is at least firstMs." });
  const totalMs = expandSchedule(schedule).reduce((sum, delayMs) => sum + delayMs, 0);
  if (totalMs > SCHEDULE_MS_MAX) {
    problems.push({ path: "schedule", message: "A schedule lasts at most 30 days in all: lower attempts, or set maxElapsedMs." });
  }
  return problems;
}

/** The delay before each attempt: none, `firstMs`, and then each `factor` times the last, within its bounds. Whole milliseconds. */
export function expandSchedule({ firstMs, factor, maxDelayMs, attempts, maxElapsedMs = Infinity }: ExponentialSchedule): number[] {
  const scheduleMs = [0];
  let elapsedMs = 0;
  let delayMs = firstMs;
  while (scheduleMs.length < attempts) {
    const wholeMs = Math.min(maxDelayMs, Math.round(delayMs));
    elapsedMs += wholeMs;
    if (elapsedMs > maxElapsedMs) break;
    scheduleMs.push(wholeMs);
    // Bounded at each step, because a hundred tenfold waits are no number any more.
    delayMs = Math.min(maxDelayMs, delayMs * factor);
  }
  return scheduleMs;
}

/** A scheduled delay with its jitter. `random` is a float in [0, 1); 0.5 is the delay itself. */
export function jitteredDelayMs(delayMs: number, jitter: number, random: number): number {
  return Math.max(0, Math.round(delayMs * (1 + jitter * (2 * random - 1))));
}

export interface ScheduledAttempt {
  /** 1 for the first try. */
  number: number;
  /** Milliseconds since the Unix epoch: without jitter, and the bounds jitter can move it to. */
  atMs: number;
  earliestMs: number;
  latestMs: number;
}

/** When each attempt would be made if every one failed at once and no receiver asked for more time. */
export function previewSchedule(policy: RetryPolicy, startMs: number): ScheduledAttempt[] {
  let [atMs, earliestMs, latestMs] = [startMs, startMs, startMs];
  return policy.scheduleMs.map((delayMs, i) => {
    atMs += delayMs;
    earliestMs += jitteredDelayMs(delayMs, policy.jitter, 0);
    latestMs += jitteredDelayMs(delayMs, policy.jitter, 1);
    return { number: i + 1, atMs, earliestMs, latestMs };
  });
}
