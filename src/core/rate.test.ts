// The token bucket grants its burst and its rate, and not more.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTokenBucket } from "./rate.ts";

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
