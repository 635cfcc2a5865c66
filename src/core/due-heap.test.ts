// The heap of due times against a plain sorted list.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDueHeap } from "./due-heap.ts";

describe("the heap", () => {
  it("is empty at first", () => {
    const heap = createDueHeap<string>();
    expect([heap.size, heap.earliest(), heap.popDue(Infinity)]).toEqual([0, null, undefined]);
  });

  it("gives nothing before its time, and something at it", () => {
    const heap = createDueHeap<string>();
    heap.push(10, "ten");
    expect(heap.popDue(9)).toBeUndefined();
    expect(heap.popDue(10)).toBe("ten");
    expect(heap.size).toBe(0);
  });

  it("behaves like a sorted list under any mix of pushes and pops", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("push" as const), at: fc.integer({ min: 0, max: 40 }) }),
      fc.record({ kind: fc.constant("pop" as const), at: fc.integer({ min: 0, max: 45 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = createDueHeap<{ at: number }>();
        const model: number[] = [];
        for (const { kind, at } of steps) {
          if (kind === "push") {
            heap.push(at, { at });
            model.push(at);
            model.sort((a, b) => a - b);
          } else {
            const expected = model.length > 0 && model[0]! <= at ? model.shift() : undefined;
            expect(heap.popDue(at)?.at).toBe(expected);
          }
          expect(heap.size).toBe(model.length);
          expect(heap.earliest()).toBe(model[0] ?? null);
        }
      }),
    );
  });
});
