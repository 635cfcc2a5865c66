// What filters say, operator by operator, and what is refused when one is saved.
import { describe, expect, it } from "vitest";
import { compileFilter, filterNeedsBody, type FilterInput, type FilterVerdict } from "./filter.ts";

const EMPTY: FilterInput = { body: undefined, headers: {}, query: {}, path: "", event: {} };

function run(document: unknown, input: Partial<FilterInput>): FilterVerdict {
  const compiled = compileFilter(document);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.filter.evaluate({ ...EMPTY, ...input });
}

function problems(document: unknown): { path: string; message: string }[] {
  const compiled = compileFilter(document);
  return compiled.ok ? [] : compiled.problems;
}

describe("a body filter", () => {
  const cases: [filter: unknown, body: unknown, matched: boolean | "error"][] = [
    // bare values
    [{ type: "a" }, { type: "a", more: 1 }, true],
    [{ type: "a" }, {}, false],
    [{ n: 1 }, { n: "1" }, false],
    [{ n: null }, { n: null }, true],
    [{ n: null }, {}, false],
    [{ a: { b: { c: true } } }, { a: { b: { c: true } } }, true],
    [{ a: { b: 1 } }, { a: "text" }, false],
    ["ping", "ping", true],
    [{}, undefined, true],
    // lists
    [{ tags: "a" }, { tags: ["b", "a"] }, true],
    [{ tags: ["a", "b"] }, { tags: ["b", "c", "a"] }, true],
    [{ tags: ["a", "b"] }, { tags: ["a"] }, false],
    [{ tags: ["a"] }, { tags: "a" }, false],
    [{ items: { sku: "x", qty: 2 } }, { items: [{ sku: "x", qty: 2 }] }, true],
    [{ items: { sku: "x", qty: 2 } }, { items: [{ sku: "x" }, { qty: 2 }] }, false],
    [{ n: { $gt: 5, $lt: 10 } }, { n: [1, 20] }, false],
    [{ n: { $gt: 5, $lt: 10 } }, { n: [1, 7, 20] }, true],
    [{ tags: { $not: "a" } }, { tags: ["a", "b"] }, false],
    [
      { items: { sku: "x", $not: { qty: 0 } } },
      {
        items: [
          { sku: "y", qty: 0 },
          { sku: "x", qty: 1 },
        ],
      },
      true,
    ],
    // equality
    [{ o: { $eq: { a: 1, b: [2] } } }, { o: { b: [2], a: 1 } }, true],
    [{ o: { $eq: { a: 1 } } }, { o: { a: 1, b: 2 } }, false],
    [{ o: { $eq: [1, 2] } }, { o: [2, 1] }, false],
    [{ o: { $neq: 1 } }, {}, true],
    [{ o: { $neq: 1 } }, { o: [2, 1] }, false],
    // order
    [{ n: { $gte: 2, $lte: 2 } }, { n: 2 }, true],
    [{ n: { $lt: 2 } }, { n: null }, false],
    [{ n: { $lt: 2 } }, {}, false],
    [{ at: { $gt: "2026-01-01" } }, { at: "2026-11-21T00:00:00Z" }, true],
    [{ n: { $gt: 2 } }, { n: "3" }, "error"],
    [{ n: { $gt: 2 } }, { n: {} }, "error"],
    // membership
    [{ s: { $in: ["a", "b"] } }, { s: "b" }, true],
    [{ s: { $in: ["a", "b"] } }, { s: "ab" }, false],
    [{ s: { $in: "@acme." } }, { s: "me@acme.com" }, true],
    [{ s: { $in: ["a"] } }, { s: ["x", "a"] }, true],
    [{ s: { $in: "a" } }, { s: ["xa", "a"] }, true],
    [{ s: { $in: "a" } }, { s: ["xa"] }, false],
    [{ s: { $in: "a" } }, { s: 5 }, "error"],
    [{ s: { $in: [] } }, { s: 5 }, false],
    [{ s: { $nin: ["a"] } }, {}, true],
    [{ s: { $nin: "a" } }, { s: "cat" }, false],
    // text
    [{ s: { $startsWith: "in" } }, { s: "invoice" }, true],
    [{ s: { $startsWith: ["x", "in"] } }, { s: "invoice" }, true],
    [{ s: { $endsWith: ".paid" } }, { s: "invoice.paid" }, true],
    [{ s: { $startsWith: "1" } }, { s: 12 }, "error"],
    [{ s: { $iequals: "PAID" } }, { s: "paid" }, true],
    [{ s: { $regex: "^in.*d$" } }, { s: "invoice.paid" }, true],
    [{ s: { $regex: { pattern: "^IN", flags: "i" } } }, { s: "invoice" }, true],
    [{ s: { $regex: "a" } }, { s: 1 }, "error"],
    [{ s: { $regex: "a" } }, { s: null }, false],
    // shape
    [{ s: { $exist: true } }, { s: null }, true],
    [{ s: { $exist: false } }, {}, true],
    [{ a: { b: { $exist: false } } }, { a: 5 }, true],
    [{ s: { $size: 2 } }, { s: [1, 2] }, true],
    [{ s: { $size: { $gt: 2 } } }, { s: "abc" }, true],
    [{ s: { $size: 2 } }, { s: 2 }, "error"],
    [{ items: { $size: { $gte: 2 }, sku: "x" } }, { items: [{ sku: "x" }, {}] }, true],
    [{ s: { $type: "array" } }, { s: [] }, true],
    [{ s: { $type: "null" } }, {}, false],
    // combinations, and errors that the rest settles
    [{ $or: [{ a: 1 }, { b: 1 }] }, { b: 1 }, true],
    [{ a: { $or: [1, { $gt: 5 }] } }, { a: 7 }, true],
    [{ a: { $and: [{ $gt: 1 }, { $lt: 3 }] } }, { a: 2 }, true],
    [{ a: 1, $not: { b: 2 } }, { a: 1, b: 2 }, false],
    [{ n: { $type: "number", $gt: 5 } }, { n: "x" }, false],
    [{ $or: [{ n: { $gt: 5 } }, { ok: true }] }, { n: "x", ok: true }, true],
    [{ $not: { n: { $gt: 5 } } }, { n: "x" }, "error"],
    // references
    [{ a: { $ref: "b.c[1]" } }, { a: 2, b: { c: [1, 2] } }, true],
    [{ a: { $ref: "b" } }, {}, false],
    [{ updated: { $gt: { $ref: "created" } } }, { updated: 2, created: 1 }, true],
    [{ owner: { $in: { $ref: "team.members" } } }, { owner: "a", team: { members: ["b", "a"] } }, true],
    [
      { items: { price: { $lt: { $ref: "items[$index].cost" } } } },
      {
        items: [
          { price: 2, cost: 1 },
          { price: 3, cost: 5 },
        ],
      },
      true,
    ],
    [
      { items: { price: { $lt: { $ref: "items[$index].cost" } } } },
      {
        items: [
          { price: 2, cost: 1 },
          { price: 5, cost: 5 },
        ],
      },
      false,
    ],
    [
      { o: { l: { q: { $eq: { $ref: "o[$index].l[$index].r" } } } } },
      {
        o: [
          { l: [] },
          {
            l: [
              { q: 1, r: 2 },
              { q: 3, r: 3 },
            ],
          },
        ],
      },
      true,
    ],
    [{ s: { $startsWith: { $ref: "n" } } }, { s: "a", n: 5 }, "error"],
    // names that are data
    [{ constructor: { $exist: false } }, {}, true],
    [JSON.parse('{"__proto__": {"admin": true}}'), {}, false],
    [JSON.parse('{"__proto__": {"admin": true}}'), JSON.parse('{"__proto__": {"admin": true}}'), true],
    [{ a: { $eq: { $ref: "__proto__" } } }, { a: {} }, false],
  ];

  it.each(cases)("%j on %j is %s", (body, value, matched) => {
    expect(run({ body }, { body: value }).matched).toBe(matched);
  });
});

describe("the other sections", () => {
  it("compare text with numbers and booleans by their text", () => {
    expect(run({ query: { page: 2 } }, { query: { page: "2" } }).matched).toBe(true);
    expect(run({ query: { page: 2 } }, { query: { page: "2.0" } }).matched).toBe(false);
    expect(run({ query: { page: { $gt: 9 } } }, { query: { page: "10" } }).matched).toBe(true);
    expect(run({ query: { page: { $gt: 9 } } }, { query: { page: "many" } }).matched).toBe("error");
    expect(run({ headers: { "x-test": { $in: [true, 5] } } }, { headers: { "x-test": "true" } }).matched).toBe(true);
  });

  it("find headers in any case, once or several times", () => {
    const headers = { "x-kind": ["a", "b"], "x-same": "b" };
    expect(run({ headers: { "X-Kind": "b" } }, { headers }).matched).toBe(true);
    expect(run({ headers: { "X-Same": { $in: { $ref: "X-Kind" } } } }, { headers }).matched).toBe(true);
    expect(run({ headers: { "x-same": ["b"] } }, { headers }).matched).toBe(true);
  });

  it("look at the path and the event", () => {
    expect(run({ path: { $startsWith: "/eu/" } }, { path: "/eu/x" }).matched).toBe(true);
    expect(
      run({ event: { type: { $regex: "^invoice\\." }, source: "src_1" } }, { event: { type: "invoice.paid", source: "src_1" } }).matched,
    ).toBe(true);
  });

  it("are combined across sections", () => {
    const filter = { $or: [{ headers: { "x-kind": "a" } }, { body: { kind: "a" }, $not: { path: "/no" } }] };
    expect(run(filter, { headers: { "x-kind": "a" } }).matched).toBe(true);
    expect(run(filter, { body: { kind: "a" } }).matched).toBe(true);
    expect(run(filter, { body: { kind: "a" }, path: "/no" }).matched).toBe(false);
  });

  it("say whether the body is needed", () => {
    const needs = (document: unknown) => {
      const compiled = compileFilter(document);
      return compiled.ok && filterNeedsBody(compiled.filter);
    };
    expect(needs({ headers: { a: 1 }, event: { type: "x" } })).toBe(false);
    expect(needs({ $or: [{ headers: { a: 1 } }, { $not: { body: { a: 1 } } }] })).toBe(true);
  });
});

describe("the reason", () => {
  it("names the rule, the operator and the value", () => {
    expect(run({ body: { data: { status: "paid" } } }, { body: { data: { status: "open" } } })).toEqual({
      matched: false,
      reason: { path: "body.data.status", operator: "$eq", message: '"open" is not "paid".' },
    });
    expect(run({ $or: [{ path: "/a" }, { path: { $endsWith: "z" } }] }, { path: "/b" })).toEqual({
      matched: false,
      reason: { path: "$or", operator: "$or", message: "None of the 2 alternatives matched." },
    });
    expect(run({ body: { items: { sku: "x" } } }, { body: { items: [{ sku: "a" }, {}] } })).toEqual({
      matched: false,
      reason: { path: "body.items", operator: "$in", message: "None of the 2 elements of the list matches." },
    });
  });

  it("says what made no sense", () => {
    expect(run({ body: { "a.b": { $gt: 5 } } }, { body: { "a.b": "x" } })).toEqual({
      matched: "error",
      error: {
        code: "type_mismatch",
        path: 'body["a.b"].$gt',
        message: '"x" cannot be compared with 5: both must be numbers or both texts.',
      },
    });
  });

  it("is not the error of a branch that another one made irrelevant", () => {
    const filter = { body: { $or: [{ a: { $gt: 1 } }, { b: 1 }], c: { $startsWith: "x" } } };
    const verdict = run(filter, { body: { a: "?", b: 1, c: 5 } });
    expect(verdict).toMatchObject({ matched: "error", error: { path: "body.c.$startsWith" } });
  });

  it("cuts long values", () => {
    const verdict = run({ body: "x" }, { body: "y".repeat(1000) });
    expect(verdict.matched === false && verdict.reason.message.length).toBeLessThan(100);
  });
});

describe("what is refused when a filter is saved", () => {
  const cases: [filter: unknown, path: string][] = [
    [5, ""],
    [{ type: "a" }, "type"],
    [{ body: { a: { $gt: {} } } }, "body.a.$gt"],
    [{ body: { a: { $gt: true } } }, "body.a.$gt"],
    [{ body: { a: { $exists: true } } }, "body.a.$exists"],
    [{ body: { a: { $exist: "yes" } } }, "body.a.$exist"],
    [{ body: { a: { $in: {} } } }, "body.a.$in"],
    [{ body: { a: { $startsWith: [] } } }, "body.a.$startsWith"],
    [{ body: { a: { $startsWith: [5] } } }, "body.a.$startsWith"],
    [{ body: { a: { $or: [] } } }, "body.a.$or"],
    [{ body: { a: { $or: [{ b: { $x: 1 } }] } } }, "body.a.$or[0].b.$x"],
    [{ $or: { body: 1 } }, "$or"],
    [{ $not: { bodi: 1 } }, "$not.bodi"],
    [{ body: { a: { $regex: "(" } } }, "body.a.$regex"],
    [{ body: { a: { $regex: "(a)\\1" } } }, "body.a.$regex"],
    [{ body: { a: { $regex: "a".repeat(1001) } } }, "body.a.$regex"],
    [{ body: { a: { $regex: "(x?){999}".repeat(80) } } }, "body.a.$regex"],
    [{ body: { a: [1, 2, 3, 4, 5].map((n) => ({ $regex: `(x?){999}${n}` })), b: { $regex: "c{999}" } } }, "body.a[2].$regex"],
    [{ body: { a: { $regex: { pattern: "a", flags: "g" } } } }, "body.a.$regex.flags"],
    [{ body: { a: { $regex: { pattern: "a", limit: 1 } } } }, "body.a.$regex"],
    [{ body: { a: { $size: -1 } } }, "body.a.$size"],
    [{ body: { a: { $size: { b: 1 } } } }, "body.a.$size"],
    [{ body: { a: { $size: { $gt: "x", $regex: "y" } } } }, "body.a.$size"],
    [{ body: { a: { $type: "date" } } }, "body.a.$type"],
    [{ body: { a: { $ref: "a[" } } }, "body.a.$ref"],
    [{ body: { a: { $eq: { $ref: "$.b" } } } }, "body.a.$eq.$ref"],
    [{ body: { a: { $ref: "b", $gt: 1 } } }, "body.a"],
    [{ body: { a: [] } }, "body.a"],
    [{ headers: "x" }, "headers"],
    [{ headers: { a: { b: 1 } } }, "headers.a.b"],
    [{ path: { a: 1 } }, "path.a"],
    [{ body: { a: () => 1 } }, "body.a"],
    [{ body: { a: undefined } }, "body.a"],
    [{ body: { a: Number.NaN } }, "body.a"],
  ];

  it.each(cases)("%# %j at %s", (document, path) => {
    expect(problems(document)[0]?.path).toBe(path);
    expect(problems(document)[0]?.message).toMatch(/^.{10,300}\.|\?$/);
  });

  it("reports every problem at once and suggests what was meant", () => {
    const found = problems({ body: { a: { $ne: 1 }, b: { $gt: null } }, bogus: 1 });
    expect(found.map(({ path }) => path)).toEqual(["body.a.$ne", "body.b.$gt", "bogus"]);
    expect(found[0]!.message).toContain("$neq");
  });

  it("bounds depth and size", () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
    expect(problems({ body: nested(63) })).toEqual([]);
    expect(problems({ body: nested(64) })[0]!.message).toContain("64 levels");
    expect(problems({ body: { $in: Array.from({ length: 990 }, () => 1) } })).toEqual([]);
    expect(problems({ body: { $in: Array.from({ length: 1000 }, () => 1) } })[0]!.message).toContain("1000");
    const cyclic: Record<string, unknown> = {};
    cyclic.body = cyclic;
    expect(problems(cyclic)[0]!.message).toContain("levels");
    const many = problems({ body: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, { $x: 1 }])) });
    expect(many).toHaveLength(20);
  });
});

describe("hostile input", () => {
  const nested = (levels: number): unknown => {
    let value: unknown = 1;
    for (let i = 0; i < levels; i += 1) value = [value];
    return value;
  };

  it("that nests too deep is an error, whatever the filter looks at", () => {
    expect(run({ body: { a: 1 } }, { body: { a: 1, b: nested(63) } }).matched).toBe(true);
    for (const levels of [64, 5000]) {
      const verdict = run({ body: { a: 1 } }, { body: { a: 1, b: nested(levels) } });
      expect(verdict).toMatchObject({ matched: "error", error: { code: "too_deep", path: "body" } });
    }
    expect(run({ headers: { a: { $exist: false } } }, { body: nested(5000) }).matched).toBe(true);
  });

  it.each([
    ["(a+)+$", false],
    ["(a|aa)+$", false],
    ["(.*)(.*)(.*)(.*)x$", false],
    ["^(([a-z])+.)+[A-Z]([a-z])+$", false],
    ["a[ab]{50}[cd]", false],
    // Program size times text length is above the budget, so nothing is tried.
    ["a[ab]{900}[cd]", "error"],
    ["(a?){900}b", "error"],
  ])("does not make /%s/ slow", (pattern, matched) => {
    const text = `${"aab".repeat(30_000)}!`;
    const started = performance.now();
    expect(run({ body: { $regex: pattern } }, { body: text }).matched).toBe(matched);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it("runs out of steps instead of time", () => {
    const conditions = Array.from({ length: 300 }, (_, i) => ({ list: { a: `x${i}` } }));
    const list = Array.from({ length: 100_000 }, () => ({ a: "y" }));
    const started = performance.now();
    const verdict = run({ body: { $or: conditions } }, { body: { list } });
    expect(verdict).toMatchObject({ matched: "error", error: { code: "too_much_work" } });
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it("compares two large equal values within the same budget", () => {
    const row = (last: number) => [...Array.from({ length: 2000 }, () => 1), last];
    const body = { list: Array.from({ length: 3000 }, () => row(1)), row: row(2) };
    const verdict = run({ body: { list: { $eq: { $ref: "row" } } } }, { body });
    expect(verdict).toMatchObject({ matched: "error", error: { code: "too_much_work" } });
  });
});
