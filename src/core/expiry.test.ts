// Expiry: the earlier bound holds, an attempt may begin up to it, and a retry that would come after it is none.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expiryOf, isExpired } from "./expiry.ts";
import { decideAfter } from "./retry.ts";

describe("expiryOf", () => {
  it.each([
    [null, null, null],
    [500, null, 500],
    [null, 50, 150],
    [120, 50, 120],
    [500, 50, 150],
  ])("an event's bound of %s and an age of %s end at %s", (deliverBefore, expireAfterMs, expected) => {
    expect(expiryOf(deliverBefore, expireAfterMs, 100)).toBe(expected);
  });
});

it("an attempt may begin before the bound and not at it", () => {
  expect([isExpired(100, 99), isExpired(100, 100), isExpired(100, 101), isExpired(null, Infinity)]).toEqual([false, true, true, false]);
});

it("a retry is planned only for a time before the bound, and is otherwise as without one", () => {
  const policy = { scheduleMs: [0, 1000, 90_000], jitter: 0.2 };
  const outcomes = fc.constantFrom(
    { kind: "response" as const, status: 500, headers: [] },
    { kind: "response" as const, status: 503, headers: ["retry-after", "70"] },
    { kind: "failure" as const, failure: "response_timeout" },
  );
  fc.assert(
    fc.property(
      outcomes,
      fc.integer({ min: 1, max: 3 }),
      fc.nat(200_000),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (outcome, attemptNumber, left, random) => {
        const input = { outcome, attemptNumber, policy, nowMs: 50_000, random };
        const free = decideAfter({ ...input, expiresAt: null });
        const bound = decideAfter({ ...input, expiresAt: 50_000 + left });
        if (free.next !== "retry" || free.atMs < 50_000 + left) {
          expect(bound).toEqual(free);
          return;
        }
        expect(bound).toMatchObject({ next: "dead", disableDestination: null, reason: expect.stringContaining("expired") });
      },
    ),
  );
});
