// From what a caller wrote about retries to a policy, and from a policy to its preview.
import type { RetryPolicy } from "../core/destination.ts";
import { defaultRetryPolicy, expandSchedule, previewSchedule, validateRetryPolicy } from "../core/retry-schedule.ts";
import { invalid } from "./problem.ts";
import type { RetryInput } from "./schemas/retry.ts";
import { timeView } from "./views/times.ts";

/** A policy as it will be saved; the catalog checks what its schema cannot see. */
export function retryPolicyOf({ scheduleMs, schedule, jitter, statuses }: RetryInput): RetryPolicy {
  const defaults = defaultRetryPolicy();
  const policy: RetryPolicy = { scheduleMs: scheduleMs ?? defaults.scheduleMs, jitter: jitter ?? defaults.jitter };
  if (schedule !== undefined && schedule !== null) {
    policy.scheduleMs = expandSchedule(schedule);
    policy.schedule = schedule;
    // What was read can be written back; anything else would leave open which of the two was meant.
    if (scheduleMs !== undefined && scheduleMs.join() !== policy.scheduleMs.join()) {
      throw invalid([{ path: "retry.schedule", message: "Give either schedule or scheduleMs." }]);
    }
  }
  if (statuses !== undefined && statuses.length > 0) policy.statuses = statuses;
  return policy;
}

export function previewView(policy: RetryPolicy, startMs: number) {
  return {
    attempts: previewSchedule(policy, startMs).map(({ number, atMs, earliestMs, latestMs }) => ({
      number,
      at: timeView(atMs),
      earliest: timeView(earliestMs),
      latest: timeView(latestMs),
    })),
  };
}

/** The preview of a policy that is not saved: refused where saving it would be. */
export function unsavedPreview(given: RetryInput, startMs: number) {
  const policy = retryPolicyOf(given);
  const problems = validateRetryPolicy(policy);
  if (problems.length > 0) throw invalid(problems.map(({ path, message }) => ({ path: `retry.${path}`, message })));
  return previewView(policy, startMs);
}
