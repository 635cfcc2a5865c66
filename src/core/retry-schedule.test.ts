// Exponential schedules: the formula within its bounds, what is refused and where, and the preview of both kinds.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ExponentialSchedule } from "./destination.ts";
import { ATTEMPTS_MAX, DELAY_MS_MAX, expandSchedule, previewSchedule, validateRetryPolicy, validateSchedule } from "./retry-schedule.ts";

const DAY_MS = 86_400_000;

function exponential(changes: Partial<ExponentialSchedule> = {}): ExponentialSchedule {
  return { kind: "exponential", firstMs: 1000, factor: 2, maxDelayMs: 60_000, attempts: 9, ...changes };
}

const policyOf = (schedule: ExponentialSchedule, statuses?: string[]) => ({
  scheduleMs: expandSchedule(schedule),
  jitter: 0.2,
  schedule,
  statuses,
});

describe("expandSchedule", () => {
  it("doubles from the first wait up to the longest", () => {
    expect(expandSchedule(exponential())).toEqual([0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  });

  it("with a factor of 1 is a fixed interval, and with one attempt nothing but that", () => {
    expect(expandSchedule(exponential({ factor: 1, attempts: 4 }))).toEqual([0, 1000, 1000, 1000]);
    expect(expandSchedule(exponential({ attempts: 1 }))).toEqual([0]);
  });

  it("leaves out what would come later than maxElapsedMs, and keeps what comes at it", () => {
    expect(expandSchedule(exponential({ maxElapsedMs: 7000 }))).toEqual([0, 1000, 2000, 4000]);
    expect(expandSchedule(exponential({ maxElapsedMs: 6999 }))).toEqual([0, 1000, 2000]);
  });

  it("stays finite where the formula alone would not", () => {
    const schedule = expandSchedule(exponential({ factor: 10, maxDelayMs: DAY_MS / 10, attempts: ATTEMPTS_MAX }));
    expect(schedule).toHaveLength(ATTEMPTS_MAX);
    expect(schedule.at(-1)).toBe(DAY_MS / 10);
  });
});

const any = fc
  .record({
    firstMs: fc.integer({ min: 1, max: DAY_MS }),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    more: fc.integer({ min: 0, max: DELAY_MS_MAX - DAY_MS }),
    attempts: fc.integer({ min: 1, max: ATTEMPTS_MAX }),
    maxElapsedMs: fc.option(fc.integer({ min: 1, max: 30 * DAY_MS }), { nil: undefined }),
  })
  .map(({ more, maxElapsedMs, ...rest }): ExponentialSchedule => {
    const bound = maxElapsedMs === undefined ? {} : { maxElapsedMs };
    return { kind: "exponential", ...rest, maxDelayMs: rest.firstMs + more, ...bound };
  });

describe("for any exponential schedule", () => {
  it("begins at once, never waits less than before, and holds all of its bounds", () => {
    fc.assert(
      fc.property(any, (schedule) => {
        const delays = expandSchedule(schedule);
        expect(delays[0]).toBe(0);
        expect(delays.length).toBeLessThanOrEqual(schedule.attempts);
        for (const [i, delayMs] of delays.slice(1).entries()) {
          expect(Number.isInteger(delayMs)).toBe(true);
          expect(delayMs).toBeGreaterThanOrEqual(delays[i]!);
          expect(delayMs).toBeLessThanOrEqual(schedule.maxDelayMs);
          // The formula, less what rounding takes from a float of its size.
          const exact = Math.min(schedule.maxDelayMs, schedule.firstMs * schedule.factor ** i);
          expect(Math.abs(delayMs - exact)).toBeLessThanOrEqual(1 + exact * 1e-9);
        }
        const elapsed = delays.reduce((sum, delayMs) => sum + delayMs, 0);
        expect(elapsed).toBeLessThanOrEqual(schedule.maxElapsedMs ?? Infinity);
        if (delays.length < schedule.attempts) {
          const nextMs = Math.min(schedule.maxDelayMs, schedule.firstMs * schedule.factor ** (delays.length - 1));
          expect(elapsed + nextMs).toBeGreaterThan(schedule.maxElapsedMs! - 2);
        }
      }),
    );
  });

  it("can be saved exactly when the list it stands for can", () => {
    fc.assert(
      fc.property(any, (schedule) => {
        const problems = validateRetryPolicy(policyOf(schedule));
        expect(problems.length === 0).toBe(validateSchedule(expandSchedule(schedule)).ok);
        expect(problems.map(({ path }) => path)).toEqual(problems.length === 0 ? [] : ["schedule"]);
      }),
    );
  });

  it("its preview is in order, and jitter keeps each attempt around its time", () => {
    fc.assert(
      fc.property(any, fc.double({ min: 0, max: 0.5, noNaN: true }), (schedule, jitter) => {
        const attempts = previewSchedule({ ...policyOf(schedule), jitter }, 5000);
        expect(attempts.map(({ number }) => number)).toEqual(expandSchedule(schedule).map((_, i) => i + 1));
        expect(attempts[0]).toEqual({ number: 1, atMs: 5000, earliestMs: 5000, latestMs: 5000 });
        for (const [i, one] of attempts.entries()) {
          expect(one.earliestMs).toBeLessThanOrEqual(one.atMs);
          expect(one.latestMs).toBeGreaterThanOrEqual(one.atMs);
          if (i > 0) expect(one.earliestMs).toBeGreaterThanOrEqual(attempts[i - 1]!.earliestMs);
        }
      }),
    );
  });
});

describe("validateRetryPolicy", () => {
  it.each([
    [{ firstMs: 0 }, ["schedule.firstMs"]],
    [{ firstMs: 1.5 }, ["schedule.firstMs"]],
    [{ firstMs: DELAY_MS_MAX + 1 }, ["schedule.firstMs"]],
    [{ factor: 0.9 }, ["schedule.factor"]],
    [{ factor: Number.NaN }, ["schedule.factor"]],
    [{ factor: 11 }, ["schedule.factor"]],
    [{ attempts: 0 }, ["schedule.attempts"]],
    [{ attempts: 101 }, ["schedule.attempts"]],
    [{ maxDelayMs: DELAY_MS_MAX + 1 }, ["schedule.maxDelayMs"]],
    [{ maxDelayMs: 999 }, ["schedule.maxDelayMs"]],
    [{ maxElapsedMs: 0 }, ["schedule.maxElapsedMs"]],
    [{ maxDelayMs: DAY_MS, attempts: 100 }, ["schedule"]],
    [{ firstMs: -1, factor: 0 }, ["schedule.firstMs", "schedule.factor"]],
  ])("refuses %j at %j", (changes, paths) => {
    const problems = validateRetryPolicy({ scheduleMs: [0], jitter: 0, schedule: exponential(changes) });
    expect(problems.map(({ path }) => path)).toEqual(paths);
  });

  it("names every rule that is wrong by its place", () => {
    expect(validateRetryPolicy(policyOf(exponential(), ["429", "5xx", "!401", "200"]))).toMatchObject([
      { path: "statuses[1]" },
      { path: "statuses[3]" },
    ]);
    expect(validateRetryPolicy(policyOf(exponential(), Array<string>(51).fill("500")))).toMatchObject([{ path: "statuses" }]);
  });
});
