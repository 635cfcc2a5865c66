// The scanner against JSON.parse: it takes the same texts, and its spans hold the same values.
import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonItems, jsonMembers, jsonRoot, jsonValue } from "./json-spans.ts";
import { limits } from "./limits.ts";

const bytesOf = (text: string): Uint8Array => Buffer.from(text);

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const space = fc.stringMatching(/^[ \n\r\t]{0,3}$/);

test("what JSON.parse takes, and only that", () => {
  // Texts that are nearly JSON: valid ones with a few letters replaced, and soups of its tokens.
  const tokens = fc.array(
    fc.constantFrom(
      ...'{ } [ ] , : " \\ a \u00e9 \\u00e9 \\u12 -0 01 1 .5 1. 1e 1e+ 2E-3 -  1e5 true false null nul \n \t \u0000 "a" "\\n" "\\x" NaN // \''.split(
        " ",
      ),
    ),
    { maxLength: 8 },
  );
  const soup = tokens.map((parts) => parts.join(""));
  const broken = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "]", "}", '"', "\\", "0", "e", ".", "\u0001", " ", "-"))
    .map(([json, at, letter]) => json.slice(0, at % (json.length + 1)) + letter + json.slice((at % (json.length + 1)) + 1));
  fc.assert(
    fc.property(
      fc.oneof(
        soup,
        broken,
        fc.json(),
        fc.tuple(space, fc.json(), space).map((parts) => parts.join("")),
      ),
      (text) => {
        expect(jsonRoot(bytesOf(text)) !== undefined).toBe(parses(text));
      },
    ),
    { numRuns: 3000 },
  );
});

test("items and members are the exact bytes, and parse to what JSON.parse gives", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(space, fc.json(), space)), (parts) => {
      const texts = parts.map(([before, json, after]) => before + json + after);
      const bytes = bytesOf(` [${texts.join(",")}]\n`);
      const items = jsonItems(bytes, jsonRoot(bytes)!)!;
      expect(items.map(({ start, end }) => Buffer.from(bytes.subarray(start, end)).toString())).toEqual(parts.map(([, json]) => json));
    }),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), (record) => {
      const bytes = bytesOf(JSON.stringify(record));
      const members = jsonMembers(bytes, jsonRoot(bytes)!)!;
      const parsed = JSON.parse(JSON.stringify(record)) as Record<string, unknown>;
      expect([...members].map(([name, span]) => [name, jsonValue(bytes, span)])).toEqual(Object.entries(parsed));
    }),
  );
});

test("of equal names the last counts, in whatever spelling, as in JSON.parse", () => {
  const bytes = bytesOf('{"a":1,"\\u0061":2}');
  expect([...jsonMembers(bytes, jsonRoot(bytes)!)!].map(([name, span]) => [name, jsonValue(bytes, span)])).toEqual([["a", 2]]);
});

test("a byte order mark is skipped, other bytes than UTF-8 are refused", () => {
  expect(jsonRoot(bytesOf("\ufeff[1]"))).toEqual({ start: 3, end: 6 });
  expect(jsonRoot(Uint8Array.of(0x22, 0xff, 0x22))).toBeUndefined();
});

test("depth and number of items have a bound", () => {
  const nested = (depth: number): Uint8Array => bytesOf("[".repeat(depth) + "]".repeat(depth));
  expect(jsonRoot(nested(limits.jsonDepthMax))).toBeDefined();
  expect(jsonRoot(nested(limits.jsonDepthMax + 1))).toBeUndefined();
  expect(jsonRoot(nested(1_000_000))).toBeUndefined();
  const list = (length: number): number | undefined => {
    const bytes = bytesOf(`[${Array.from({ length }, () => "1").join(",")}]`);
    return jsonItems(bytes, jsonRoot(bytes)!)?.length;
  };
  expect(list(limits.batchItemsMax)).toBe(limits.batchItemsMax);
  expect(list(limits.batchItemsMax + 1)).toBeUndefined();
});

test("a scalar has neither items nor members", () => {
  for (const text of ["1", '"a"', "null", "{}", "[]"]) {
    const bytes = bytesOf(text);
    const root = jsonRoot(bytes)!;
    expect([jsonItems(bytes, root) !== undefined, jsonMembers(bytes, root) !== undefined]).toEqual([text === "[]", text === "{}"]);
  }
});
