// Places in a line: where one goes is where a plain sort by the rules has it, and the number of a line is for ever.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type LineEnds, lineOf, putInLine } from "./order-places.ts";

const NUMBERS = [173829304640326, 147574670330079, 207378355332514, 106693790001533];

test("the number of a line is the one that rows in databases have", () => {
  expect([lineOf("dst_a", "k", null), lineOf("dst_a", "k", "job_1"), lineOf("dst_b", "k", null), lineOf("dst_a", "", null)]).toEqual(
    NUMBERS,
  );
});

test("by acceptance, whatever order they come in, the first and those that others displaced are as a sort has them", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 30 }), (accepted) => {
      const line: LineEnds<number> = { head: null, end: null, frontiers: new Map() };
      let first = Infinity;
      for (const position of accepted) {
        const placement = putInLine(line, position, { key: "k", position: null }, position);
        expect(placement).toMatchObject({ late: false, blocked: position > first, place: position });
        expect(placement.displaced).toBe(position < first && first < Infinity ? first : null);
        first = Math.min(first, position);
        expect(line.head!.row).toBe(first);
      }
    }),
  );
});

test("one that comes before what was answered is late, right behind it, and before what was not", () => {
  const line: LineEnds<string> = { head: null, end: null, frontiers: new Map() };
  const put = (row: string, accepted: number) => putInLine(line, row, { key: "k", position: null }, accepted);
  put("five", 5);
  put("nine", 9);
  line.head!.released = true;
  expect(put("three", 3)).toEqual({ by: 0, at: 0, place: 5, late: true, blocked: true, displaced: null });
  expect(put("seven", 7)).toEqual({ by: 0, at: 0, place: 7, late: false, blocked: true, displaced: null });
});

test("behind a provider's places stand all that have none, in the order of acceptance, and a replay's in that of its job", () => {
  const line: LineEnds<string> = { head: null, end: null, frontiers: new Map([[1, 20]]) };
  const provider = (row: string, at: number, accepted: number) =>
    putInLine(line, row, { key: "k", position: { by: "timestamp", at } }, accepted);
  expect(provider("a", 30, 1)).toMatchObject({ by: 1, at: 30, place: 0, late: false, blocked: false });
  expect(provider("b", 10, 2)).toMatchObject({ by: 1, at: 20, place: 0, late: true, blocked: false, displaced: "a" });
  expect(putInLine(line, "c", { key: "k", position: null }, 4)).toMatchObject({ by: 0, at: 30, place: 4, late: false, blocked: true });
  expect(provider("d", 5, 3)).toMatchObject({ by: 0, at: 30, place: 3, late: false, blocked: true });
  const job: LineEnds<string> = { head: null, end: null, frontiers: new Map() };
  for (const row of ["one", "two"]) expect(putInLine(job, row, { key: "k", position: null }, null)).toMatchObject({ at: 0, place: 0 });
  expect(job.head!.row).toBe("one");
});
