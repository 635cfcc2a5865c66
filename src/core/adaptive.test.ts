// The adaptive limit against a receiver with a capacity: it finds it, stays near it, and comes back when there is more.
import fc from "fast-check";
import { expect, it } from "vitest";
import { createAdaptiveLimit } from "./adaptive.ts";

/** Rounds of as many attempts as the limit allows; those above the capacity are refused. Answers the limits seen. */
function rounds(count: number, capacity: number, limit = createAdaptiveLimit(64)): number[] {
  const seen: number[] = [];
  for (let round = 0; round < count; round += 1) {
    const sent = limit.limit;
    seen.push(sent);
    for (let n = 0; n < sent; n += 1) {
      if (n < capacity) limit.succeeded();
      else limit.overloaded(round * 100, round * 100 + 50);
    }
  }
  return seen;
}

it("starts at the cap, halves once per burst of refusals, and grows by one for ten answers", () => {
  const limit = createAdaptiveLimit(10);
  expect(limit.limit).toBe(10);
  for (let n = 0; n < 5; n += 1) limit.overloaded(0, 100);
  expect(limit.limit).toBe(5);
  for (let n = 0; n < 10; n += 1) limit.succeeded();
  expect(limit.limit).toBe(6);
  limit.overloaded(101, 200);
  expect(limit.limit).toBe(3);
});

it("settles around any capacity, never above the cap nor below one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), (capacity) => {
      const seen = rounds(400, capacity).slice(100);
      expect(Math.max(...seen)).toBeLessThanOrEqual(Math.min(64, capacity + 8));
      expect(Math.min(...seen)).toBeGreaterThanOrEqual(Math.max(1, Math.floor(capacity / 2) - 1));
    }),
  );
});

it("comes back to the cap when the receiver has recovered", () => {
  const limit = createAdaptiveLimit(64);
  rounds(50, 2, limit);
  rounds(800, 1_000, limit);
  expect(limit.limit).toBe(64);
});

it("follows a changed cap", () => {
  const limit = createAdaptiveLimit(10);
  limit.setMax(20);
  expect(limit.limit).toBe(20);
  limit.overloaded(0, 1);
  limit.setMax(4);
  expect(limit.limit).toBe(4);
  limit.setMax(50);
  expect(limit.limit).toBe(50);
  limit.overloaded(2, 3);
  limit.setMax(100);
  expect(limit.limit).toBe(25);
});
