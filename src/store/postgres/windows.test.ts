// Windows cover a range once, whatever days there are, and in the direction of the walk.
import fc from "fast-check";
import { expect, test } from "vitest";
import { DAY_SEQS, dayOf, dayOfName, partitionName } from "./days.ts";
import { cut } from "./windows.ts";

test("windows are adjacent, in order, and cover the range; all but the last end where a day begins", () => {
  const days = fc
    .uniqueArray(fc.integer({ min: 0, max: 400 }), { maxLength: 400 })
    .map((list) => list.toSorted((a, b) => a - b).map((day) => day * DAY_SEQS));
  const range = fc.tuple(fc.integer({ min: 0, max: 400 * DAY_SEQS }), fc.integer({ min: 1, max: 400 * DAY_SEQS }));
  fc.assert(
    fc.property(days, range, fc.boolean(), (known, [low, length], ascending) => {
      const windows = [...cut({ low, high: low + length }, known, ascending)];
      const inOrder = ascending ? windows : windows.toReversed();
      expect(inOrder[0]!.low).toBe(low);
      expect(inOrder.at(-1)!.high).toBe(low + length);
      for (const [index, window] of inOrder.entries()) {
        expect(window.high).toBeGreaterThan(window.low);
        if (index > 0) {
          expect(window.low).toBe(inOrder[index - 1]!.high);
          expect(known).toContain(window.low);
        }
      }
      // Twice as wide each: 400 days are at most 7 statements.
      expect(windows.length).toBeLessThanOrEqual(7);
    }),
  );
});

test("a partition's name is that of its day, and back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50_000 }), (day) => {
      expect(dayOfName(partitionName("events", day * DAY_SEQS))).toBe(day * DAY_SEQS);
      expect(dayOf(day * DAY_SEQS + DAY_SEQS - 1)).toBe(day * DAY_SEQS);
    }),
  );
  expect(partitionName("attempts", 0)).toBe("attempts_20200101");
  expect(dayOfName("attempts_default")).toBeNull();
});
