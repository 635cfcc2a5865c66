// The token bucket grants its burst and its rate, and not more.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DestinationRate } from "./destination.ts";
import { createTokenBucket, paceOf } from "./rate.ts";

describe("createTokenBucket", () => {
  it("grants a burst and then one token per interval", () => {
    const bucket = createTokenBucket({ perSecond: 10, burst: 2 });
    expect(bucket.take(1000)).toEqual({ ok: true });
    expect(bucket.take(1000)).toEqual({ ok: true });
    expect(bucket.take(1000)).toEqual({ ok: false, retryAfterMs: 100 });
    expect(bucket.take(1040)).toEqual({ ok: false, retryAfterMs: 60 });
    expect(bucket.take(1100)).toEqual({ ok: true });
  });

  it("works below one per second and survives a clock that steps back", () => {
    const bucket = createTokenBucket({ perSecond: 0.01, burst: 1 });
    expect(bucket.take(5000)).toEqual({ ok: true });
    expect(bucket.take(4000)).toEqual({ ok: false, retryAfterMs: 100_000 });
    expect(bucket.take(104_000)).toEqual({ ok: true });
  });

  it("refuses settings that would refuse everybody", () => {
    expect(() => createTokenBucket({ perSecond: 0, burst: 5 })).toThrow(RangeError);
    expect(() => createTokenBucket({ perSecond: 5, burst: 0.5 })).toThrow(RangeError);
    expect(() => createTokenBucket({ perSecond: Number.NaN, burst: 5 })).toThrow(RangeError);
  });

  it("never grants more than burst + rate × time, and keeps its word about when to come back", () => {
    const limit = fc.record({
      perSecond: fc.double({ min: 0.1, max: 500, noNaN: true }),
      burst: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(limit, fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 100 }), (settings, steps) => {
        const bucket = createTokenBucket(settings);
        let nowMs = 1_700_000_000_000;
        let granted = 0;
        const startMs = nowMs;
        for (const step of steps) {
          nowMs += step;
          const taken = bucket.take(nowMs);
          if (taken.ok) granted += 1;
          else {
            expect(taken.retryAfterMs).toBeGreaterThan(0);
            nowMs += taken.retryAfterMs;
            expect(bucket.take(nowMs)).toEqual({ ok: true });
            granted += 1;
          }
          expect(granted).toBeLessThanOrEqual(settings.burst + ((nowMs - startMs) * settings.perSecond) / 1000 + 1e-3);
        }
      }),
    );
  });
});

const UNIT_MS = { second: 1000, minute: 60_000, hour: 3_600_000 };
const anyRate = fc.record({
  count: fc.integer({ min: 1, max: 500 }),
  per: fc.constantFrom<DestinationRate["per"]>("second", "minute", "hour"),
});

/** Takes whenever it is told to come back, for as long; answers the times of the tokens. */
function takeAll(bucket: ReturnType<typeof createTokenBucket>, fromMs: number, untilMs: number): number[] {
  const times: number[] = [];
  for (let now = fromMs; now < untilMs;) {
    const taken = bucket.take(now);
    if (taken.ok) times.push(now);
    else now += taken.retryAfterMs;
  }
  return times;
}

/** The most in any window of this length. */
function most(times: readonly number[], windowMs: number): number {
  let [best, first] = [0, 0];
  for (const [index, at] of times.entries()) {
    while (times[first]! <= at - windowMs) first += 1;
    best = Math.max(best, index - first + 1);
  }
  return best;
}

describe("the pace of a destination", () => {
  it("goes over its count by no more than 5 % in any window of its unit, and uses what it may", () => {
    fc.assert(
      fc.property(anyRate, fc.integer({ min: 0, max: 3 }), (rate, pauses) => {
        const bucket = createTokenBucket(paceOf(rate));
        const unitMs = UNIT_MS[rate.per];
        const times: number[] = [];
        // Idle units in between fill the bucket: the burst after them is what could run over.
        for (let unit = 0; unit < 8; unit += 1 + pauses) times.push(...takeAll(bucket, unit * unitMs, (unit + 1) * unitMs));
        expect(most(times, unitMs)).toBeLessThanOrEqual(Math.max(rate.count, Math.floor(rate.count * 1.05)));
        const steady = takeAll(createTokenBucket(paceOf(rate)), 0, 10 * unitMs);
        // Whole milliseconds: at 500 a second each token may come up to one too late, and makes up for it by the burst.
        expect(steady.length).toBeGreaterThanOrEqual(Math.floor(rate.count * 10 * 0.95));
      }),
      { numRuns: 60 },
    );
  });

  it("of a limit that is changed, or put on what already flows, begins without a burst", () => {
    fc.assert(
      fc.property(anyRate, fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 6 }), (rate, changes) => {
        const bucket = createTokenBucket(paceOf(rate), 0);
        const unitMs = UNIT_MS[rate.per];
        const times: number[] = [];
        let highest = rate.count;
        for (const [index, count] of [...changes, rate.count].entries()) {
          times.push(...takeAll(bucket, index * 100, (index + 1) * 100));
          bucket.change(paceOf({ ...rate, count }), (index + 1) * 100);
          highest = Math.max(highest, count);
        }
        times.push(...takeAll(bucket, (changes.length + 1) * 100, unitMs * 2));
        expect(most(times, unitMs)).toBeLessThanOrEqual(Math.max(highest, Math.floor(highest * 1.05)));
        expect(times[0] ?? Infinity).toBeGreaterThanOrEqual(Math.floor(unitMs / highest));
      }),
      { numRuns: 60 },
    );
  });
});
