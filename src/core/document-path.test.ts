// Paths find own values only, and say what is wrong with them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appendKey, compilePath } from "./document-path.ts";

function find(text: string, document: unknown, loops?: number[]): unknown {
  const compiled = compilePath(text, { allowIndex: true });
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.path.get(document, loops);
}

describe("compilePath", () => {
  it.each([
    ["data.object.id", { data: { object: { id: 5 } } }, 5],
    ["items[0].sku", { items: [{ sku: "x" }] }, "x"],
    ["[1][0]", [0, [7]], 7],
    ['labels["a.b"][0]', { labels: { "a.b": [1] } }, 1],
    ['["x"].y', { x: { y: 2 } }, 2],
    ["a-b.c d.é", { "a-b": { "c d": { é: 3 } } }, 3],
    ["0.a", { 0: { a: 1 } }, 1],
    ["items.length", { items: [1] }, undefined],
    ["items[9]", { items: [1] }, undefined],
    ["name[0]", { name: "text" }, undefined],
    ["constructor.name", {}, undefined],
    ["__proto__.x", JSON.parse('{"__proto__":{"x":1}}'), 1],
    ["a.b", { a: null }, undefined],
    ["a", undefined, undefined],
  ])("%s", (text, document, value) => {
    expect(find(text, document)).toBe(value);
  });

  it("gives $index the positions of the loops around it", () => {
    const document = { a: [{ b: [1, 2] }, { b: [3, 4] }] };
    expect(find("a[$index].b[$index]", document, [1, 0])).toBe(3);
    expect(find("a[$index].b[$index]", document, [1])).toBeUndefined();
    expect(find("a[$index]", document)).toBeUndefined();
    expect(compilePath("a[$index]").ok).toBe(false);
  });

  it.each([
    "",
    ".a",
    "a.",
    "a..b",
    "a[",
    "a[]",
    "a[x]",
    "a[-1]",
    "a[*]",
    "a.*",
    "$.a",
    "a.$b",
    "a]b",
    'a"b',
    "a[0]b",
    'a["x]',
    "a".repeat(501),
    "a.".repeat(64) + "a",
  ])("refuses %s with a sentence", (text) => {
    const compiled = compilePath(text);
    expect(compiled.ok ? "" : compiled.message).toMatch(/^[A-Z].*\.$/);
  });

  it("reads back any path that appendKey wrote", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 6 }), fc.anything(), (keys, value) => {
        const text = keys.reduce(appendKey, "");
        let document: unknown = value;
        for (const key of keys.toReversed()) {
          document = Object.defineProperty({}, key, { value: document, enumerable: true });
        }
        expect(find(text, document)).toBe(value);
      }),
    );
  });

  it("never throws, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", ".", "[", "]", '"', "\\", "0", "$index", "*") }), (text) => {
        const compiled = compilePath(text, { allowIndex: true });
        if (compiled.ok) compiled.path.get({ a: [{ a: 1 }] }, [0]);
      }),
    );
  });
});
