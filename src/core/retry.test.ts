// What follows an attempt: each answer and failure, and the bounds that hold for all of them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RETRY_AFTER_MS_MAX, SLOW_DOWN_MS_MIN, decideAfter, type AttemptOutcome, type Decision } from "./retry.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { DEFAULT_SCHEDULE_MS, defaultRetryPolicy, previewSchedule, validateRetryPolicy, validateSchedule } from "./retry-schedule.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 8, 0, 0);

function decide(outcome: AttemptOutcome, attemptNumber = 1, random = 0.5): Decision {
  return decideAfter({ outcome, attemptNumber, policy: defaultRetryPolicy(), expiresAt: null, nowMs: NOW_MS, random });
}

function answer(status: number, ...headers: string[]): AttemptOutcome {
  return { kind: "response", status, headers };
}

/** How long the next attempt waits, or what happens instead. */
function waitOf(decision: Decision): number | string {
  return decision.next === "retry" ? decision.atMs - NOW_MS : decision.next;
}

describe("the default schedule", () => {
  it("is ten attempts over 75 h 35 m, and valid", () => {
    expect(DEFAULT_SCHEDULE_MS).toHaveLength(10);
    const minutes = DEFAULT_SCHEDULE_MS.reduce((sum, delayMs) => sum + delayMs, 0) / 60_000;
    expect(Math.floor(minutes)).toBe(75 * 60 + 35);
    expect(validateRetryPolicy(defaultRetryPolicy())).toEqual([]);
  });

  it("is previewed with the bounds of its jitter", () => {
    const preview = previewSchedule({ scheduleMs: [0, 1000, 10_000], jitter: 0.2 }, 5000);
    expect(preview).toEqual([
      { number: 1, atMs: 5000, earliestMs: 5000, latestMs: 5000 },
      { number: 2, atMs: 6000, earliestMs: 5800, latestMs: 6200 },
      { number: 3, atMs: 16_000, earliestMs: 13_800, latestMs: 18_200 },
    ]);
  });
});

describe("decideAfter", () => {
  it.each([200, 201, 204, 299])("delivers on %d", (status) => {
    expect(decide(answer(status))).toEqual({ next: "delivered", disableDestination: null });
  });

  it.each([100, 301, 302, 304, 307, 400, 401, 404, 500, 501, 999])("follows the schedule on %d", (status) => {
    expect(waitOf(decide(answer(status, "location", "https://example.com/")))).toBe(5000);
  });

  it.each([429, 502, 503, 504])("waits at least a minute on %d", (status) => {
    expect(waitOf(decide(answer(status)))).toBe(SLOW_DOWN_MS_MIN);
    expect(waitOf(decide(answer(status), 2))).toBe(300_000);
  });

  it("waits at least a minute after a timeout, and not after other failures", () => {
    expect(waitOf(decide({ kind: "failure", failure: "response_timeout" }))).toBe(SLOW_DOWN_MS_MIN);
    expect(waitOf(decide({ kind: "failure", failure: "connect_timeout" }))).toBe(SLOW_DOWN_MS_MIN);
    expect(waitOf(decide({ kind: "failure", failure: "connect_refused" }))).toBe(5000);
  });

  it("disables the destination on 410 and on webhook-delivery: disable", () => {
    expect(decide(answer(410))).toMatchObject({
      next: "dead",
      disableDestination: { reason: expect.stringContaining("410") },
    });
    expect(decide(answer(500, "Webhook-Delivery", " Disable "))).toMatchObject({
      next: "dead",
      disableDestination: { reason: expect.stringContaining("disable") },
    });
    expect(decide(answer(200, "webhook-delivery", "disable"))).toMatchObject({
      next: "delivered",
      disableDestination: { reason: expect.any(String) },
    });
  });

  it("ends one delivery on webhook-delivery: abort-message", () => {
    expect(decide(answer(400, "webhook-delivery", "abort-message"))).toMatchObject({
      next: "dead",
      disableDestination: null,
    });
    expect(decide(answer(200, "webhook-delivery", "abort-message"))).toMatchObject({ next: "delivered" });
    expect(waitOf(decide(answer(500, "webhook-delivery", "later")))).toBe(5000);
  });

  it("takes Retry-After as a minimum, up to a day", () => {
    expect(waitOf(decide(answer(500, "retry-after", "30")))).toBe(30_000);
    expect(waitOf(decide(answer(500, "retry-after", "1")))).toBe(5000);
    expect(waitOf(decide(answer(429, "Retry-After", "1")))).toBe(SLOW_DOWN_MS_MIN);
    expect(waitOf(decide(answer(503, "retry-after", "Sat, 21 Nov 2026 08:10:00 GMT")))).toBe(600_000);
    expect(waitOf(decide(answer(503, "retry-after", "315360000")))).toBe(RETRY_AFTER_MS_MAX);
    expect(waitOf(decide(answer(503, "retry-after", "Sat, 21 Nov 2037 08:10:00 GMT")))).toBe(RETRY_AFTER_MS_MAX);
    expect(waitOf(decide(answer(500, "retry-after", "soon")))).toBe(5000);
    // Jitter moves the schedule, never what was asked for.
    expect(waitOf(decide(answer(500, "retry-after", "6"), 1, 0))).toBe(6000);
    expect(waitOf(decide(answer(500, "retry-after", "6"), 2, 0))).toBe(240_000);
  });

  it("says which attempt it was", () => {
    expect(decide(answer(500), 2)).toMatchObject({ reason: "The receiver answered 500. Attempt 3 of 10 is next." });
    expect(decide(answer(500), 10)).toEqual({
      next: "dead",
      reason: "The receiver answered 500. That was attempt 10 of 10.",
      disableDestination: null,
    });
    expect(decide(answer(500), 11)).toMatchObject({ next: "dead" });
  });
});

describe("for any policy and any answers", () => {
  const policy = fc.record({
    scheduleMs: fc.array(fc.integer({ min: 0, max: 86_400_000 }), { minLength: 1, maxLength: 12 }).map(([, ...rest]) => [0, ...rest]),
    jitter: fc.double({ min: 0, max: 0.5, noNaN: true }),
  });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const retryAfter = fc.oneof(
    fc.nat().map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    fc.string(),
  );
  const failing: fc.Arbitrary<AttemptOutcome> = fc.oneof(
    fc.record({
      kind: fc.constant("response" as const),
      status: fc.integer({ min: 300, max: 599 }).filter((status) => status !== 410),
      headers: fc.oneof(
        fc.constant([]),
        retryAfter.map((value) => ["retry-after", value]),
      ),
    }),
    fc.record({ kind: fc.constant("failure" as const), failure: fc.constantFrom("response_timeout", "dns_error") }),
  );

  it("a delivery that only fails ends after exactly as many attempts as the schedule has", () => {
    fc.assert(
      fc.property(policy, fc.infiniteStream(failing), random, (policy, outcomes, random) => {
        let nowMs = NOW_MS;
        let attempts = 0;
        for (const outcome of outcomes) {
          attempts += 1;
          const decision = decideAfter({ outcome, attemptNumber: attempts, policy, expiresAt: null, nowMs, random });
          if (decision.next === "dead") break;
          if (decision.next !== "retry") throw new Error(decision.next);
          expect(decision.atMs).toBeGreaterThanOrEqual(nowMs);
          nowMs = decision.atMs;
        }
        expect(attempts).toBe(policy.scheduleMs.length);
      }),
    );
  });

  it("a wait is within jitter of the schedule, or what the receiver asked for, whole and never above its clamp", () => {
    fc.assert(
      fc.property(policy, failing, random, fc.nat({ max: 11 }), (policy, outcome, random, done) => {
        const decision = decideAfter({ outcome, attemptNumber: done + 1, policy, expiresAt: null, nowMs: NOW_MS, random });
        if (decision.next !== "retry") return;
        const waitMs = decision.atMs - NOW_MS;
        const delayMs = policy.scheduleMs[done + 1]!;
        expect(Number.isInteger(waitMs)).toBe(true);
        expect(waitMs).toBeGreaterThanOrEqual(Math.floor(delayMs * (1 - policy.jitter)));
        expect(waitMs).toBeLessThanOrEqual(Math.max(Math.ceil(delayMs * (1 + policy.jitter)), RETRY_AFTER_MS_MAX));
        if (outcome.kind === "response") {
          const asked = parseRetryAfter(outcome.headers[1], NOW_MS) ?? 0;
          expect(waitMs).toBeGreaterThanOrEqual(Math.min(asked, RETRY_AFTER_MS_MAX));
          if (outcome.status === 429) expect(waitMs).toBeGreaterThanOrEqual(SLOW_DOWN_MS_MIN);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("parseRetryAfter", () => {
  it.each([
    ["0", 0],
    ["120", 120_000],
    [" 120 ", 120_000],
    ["Sat, 21 Nov 2026 08:00:30 GMT", 30_000],
    ["Saturday, 21-Nov-26 08:00:30 GMT", 30_000],
    ["Sat Nov 21 08:00:30 2026", 30_000],
    ["Sun Nov  1 08:00:30 2026", 0],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 0],
  ])("%j is %d ms", (value, expected) => {
    expect(parseRetryAfter(value, NOW_MS)).toBe(expected);
  });

  it.each([
    undefined,
    "",
    " ",
    "-1",
    "+1",
    "1.5",
    "1e3",
    "0x10",
    "10s",
    "120, 60",
    "tomorrow",
    "2026-11-21T08:00:30Z",
    "Sat, 31 Jun 2026 08:00:30 GMT",
    "Sat, 21 Nov 2026 25:00:30 GMT",
    "Sat, 21 Nov 2026 08:00:30 CET",
    "1".repeat(41),
  ])("%j is ignored", (value) => {
    expect(parseRetryAfter(value, NOW_MS)).toBeNull();
  });

  it("reads every date that toUTCString writes", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(Date.UTC(9999, 0)), noInvalidDate: true }), (date) => {
        const seconds = Math.floor(date.getTime() / 1000) * 1000;
        expect(parseRetryAfter(date.toUTCString(), 0)).toBe(seconds);
      }),
    );
  });
});

describe("validateSchedule", () => {
  const DAY_MS = 86_400_000;
  const refused: number[][] = [
    [],
    [5],
    [0, -1],
    [0, 1.5],
    [0, Number.NaN],
    [0, 8 * DAY_MS],
    [0, 7 * DAY_MS, 7 * DAY_MS, 7 * DAY_MS, 7 * DAY_MS, 7 * DAY_MS],
    Array.from({ length: 101 }, () => 0),
  ];

  it.each(refused.map((scheduleMs) => [scheduleMs]))("refuses %j", (scheduleMs) => {
    expect(validateSchedule(scheduleMs)).toMatchObject({ ok: false, message: expect.stringMatching(/\.$/) });
  });

  it("refuses jitter out of bounds", () => {
    for (const jitter of [-0.1, 0.6, Number.NaN]) {
      expect(validateRetryPolicy({ scheduleMs: [0], jitter })).toMatchObject([{ path: "jitter" }]);
    }
  });
});
