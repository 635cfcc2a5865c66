// Filters against a second, naive evaluator written from the rules alone: no compilation, no budget, no short cuts.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileFilter, type FilterInput } from "./filter.ts";

type Answer = "yes" | "no" | "error";
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface Place {
  text: boolean;
  root: unknown;
  loops: number[];
}

function all(answers: Answer[]): Answer {
  if (answers.includes("no")) return "no";
  return answers.includes("error") ? "error" : "yes";
}

function any(answers: Answer[]): Answer {
  if (answers.includes("yes")) return "yes";
  return answers.includes("error") ? "error" : "no";
}

function opposite(answer: Answer): Answer {
  if (answer === "error") return "error";
  return answer === "yes" ? "no" : "yes";
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { object: entries.map(([key, item]) => [key, sorted(item)]) };
}

function same(value: unknown, expected: unknown, place: Place): boolean {
  if (value === undefined || expected === undefined) return false;
  if (place.text && typeof value === "string") {
    return value === (["number", "boolean"].includes(typeof expected) ? JSON.stringify(expected) : expected);
  }
  return JSON.stringify([typeof value, sorted(value)]) === JSON.stringify([typeof expected, sorted(expected)]);
}

/** The model knows the three paths that the generator writes. */
function resolve(operand: unknown, place: Place): unknown {
  if (typeof operand !== "object" || operand === null || !("$ref" in operand)) return operand;
  const root = place.root as Record<string, unknown> | null | undefined;
  if (typeof root !== "object" || root === null || Array.isArray(root)) return undefined;
  switch (operand.$ref) {
    case "a":
      return root.a;
    case "b[0]":
      return Array.isArray(root.b) ? root.b[0] : undefined;
    default:
      return Array.isArray(root.b) && place.loops.length > 0 ? root.b[place.loops[0]!] : undefined;
  }
}

function elements(list: unknown[], place: Place, ask: (element: unknown, place: Place) => Answer): Answer {
  return any(list.map((element, i) => ask(element, { ...place, loops: [...place.loops, i] })));
}

function equal(value: unknown, operand: unknown, place: Place): Answer {
  if (same(value, resolve(operand, place), place)) return "yes";
  return Array.isArray(value) ? elements(value, place, (element, at) => equal(element, operand, at)) : "no";
}

function within(value: unknown, operand: unknown, place: Place): Answer {
  const options = Array.isArray(operand) ? operand.map((item) => resolve(item, place)) : resolve(operand, place);
  if (Array.isArray(options)) {
    if (options.some((option) => same(value, option, place))) return "yes";
    return Array.isArray(value) ? elements(value, place, (element, at) => within(element, operand, at)) : "no";
  }
  if (Array.isArray(value)) return elements(value, place, (element, at) => equal(element, operand, at));
  if (value == null || options == null) return "no";
  if (typeof value !== "string" || typeof options === "object") return "error";
  if (typeof options !== "string" && !place.text) return "error";
  return value.includes(typeof options === "string" ? options : JSON.stringify(options)) ? "yes" : "no";
}

function ordered(key: string, value: unknown, operand: unknown, place: Place): Answer {
  const limit = resolve(operand, place);
  if (value == null || limit == null) return "no";
  const left = place.text && typeof limit === "number" && /^-?\d+$/.test(value as string) ? Number(value) : value;
  if (typeof left !== typeof limit || !["number", "string"].includes(typeof left)) return "error";
  const [a, b] = [left as number, limit as number];
  const holds = { $gt: a > b, $gte: a >= b, $lt: a < b, $lte: a <= b }[key];
  return holds === true ? "yes" : "no";
}

function textual(key: string, value: unknown, operand: unknown, place: Place): Answer {
  if (value == null) return "no";
  if (typeof value !== "string") return "error";
  return any(
    (Array.isArray(operand) ? operand : [operand]).map((item): Answer => {
      const option = resolve(item, place);
      if (option == null) return "no";
      if (typeof option !== "string") return "error";
      const holds =
        key === "$startsWith"
          ? value.slice(0, option.length) === option
          : key === "$endsWith"
            ? option.length <= value.length && value.slice(value.length - option.length) === option
            : value.toLowerCase() === option.toLowerCase();
      return holds ? "yes" : "no";
    }),
  );
}

function whole(key: string, value: unknown, operand: unknown, place: Place): Answer | undefined {
  const yes = (holds: boolean): Answer => (holds ? "yes" : "no");
  switch (key) {
    case "$eq":
      return equal(value, operand, place);
    case "$neq":
      return opposite(equal(value, operand, place));
    case "$in":
      return within(value, operand, place);
    case "$nin":
      return opposite(within(value, operand, place));
    case "$exist":
      return yes((value !== undefined) === operand);
    case "$type":
      return yes((value === null ? "null" : Array.isArray(value) ? "array" : typeof value) === operand);
    case "$size":
      if (value == null) return "no";
      if (typeof value !== "string" && !Array.isArray(value)) return "error";
      return match(value.length, typeof operand === "number" ? { $eq: operand } : operand, { ...place, text: false });
    default:
      return undefined;
  }
}

function match(value: unknown, filter: unknown, place: Place): Answer {
  if (Array.isArray(filter)) {
    const list = place.text && typeof value === "string" ? [value] : value;
    if (!Array.isArray(list)) return "no";
    return all(filter.map((item) => elements(list, place, (element, at) => match(element, item, at))));
  }
  if (typeof filter !== "object" || filter === null || "$ref" in filter) return equal(value, filter, place);
  const entries: [string, unknown][] = Object.entries(filter);
  const combining = (key: string) => ["$or", "$and", "$not"].includes(key);
  const hasFields = entries.some(([key]) => !key.startsWith("$"));
  const ofValue: Answer[] = [];
  const ofElement: ((value: unknown, place: Place) => Answer)[] = [];
  for (const [key, operand] of entries) {
    if (combining(key) && hasFields) ofElement.push((one, at) => combine(key, one, operand, at));
    else if (combining(key)) ofValue.push(combine(key, value, operand, place));
    else if (!key.startsWith("$")) ofElement.push((one, at) => match(field(one, key), operand, at));
    else {
      const answer = whole(key, value, operand, place);
      if (answer !== undefined) ofValue.push(answer);
      else if (key === "$regex") ofElement.push((one) => regex(one, operand as string));
      else if (key.length <= 4) ofElement.push((one, at) => ordered(key, one, operand, at));
      else ofElement.push((one, at) => textual(key, one, operand, at));
    }
  }
  const ask = (one: unknown, at: Place): Answer =>
    Array.isArray(one) ? elements(one, at, ask) : all(ofElement.map((each) => each(one, at)));
  return all(ofElement.length === 0 ? ofValue : [...ofValue, ask(value, place)]);
}

function regex(value: unknown, pattern: string): Answer {
  if (value == null) return "no";
  if (typeof value !== "string") return "error";
  return new RegExp(pattern, "u").test(value) ? "yes" : "no";
}

function field(value: unknown, key: string): unknown {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

function combine(key: string, value: unknown, operand: unknown, place: Place): Answer {
  if (key === "$not") return opposite(match(value, operand, place));
  const answers = (operand as unknown[]).map((part) => match(value, part, place));
  return key === "$or" ? any(answers) : all(answers);
}

const SECTION_TEXT: Record<string, boolean> = { body: false, headers: true, query: true, path: true, event: false };

function matchSections(input: FilterInput, filter: unknown): Answer {
  return all(
    Object.entries(filter as object).map(([key, operand]: [string, unknown]) => {
      if (key === "$not") return opposite(matchSections(input, operand));
      if (key === "$or") return any((operand as unknown[]).map((part) => matchSections(input, part)));
      if (key === "$and") return all((operand as unknown[]).map((part) => matchSections(input, part)));
      const value = input[key as keyof FilterInput];
      return match(value, operand, { text: SECTION_TEXT[key]!, root: value, loops: [] });
    }),
  );
}

// A few short words, so that documents and filters meet often.
const word = fc.constantFrom("a", "ab", "b", "B", "", "1");
const scalar = fc.oneof(word, fc.integer({ min: 0, max: 2 }), fc.boolean(), fc.constant(null));
const name = fc.constantFrom("a", "b", "__proto__", "constructor");

function record<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
  // Own keys also for `__proto__`, as JSON.parse makes them.
  return fc.array(fc.tuple(name, value), { maxLength: 3 }).map((pairs) => {
    return JSON.parse(`{${pairs.map(([key, item]) => `${JSON.stringify(key)}:${JSON.stringify(item)}`).join(",")}}`);
  });
}

const { document, filter } = fc.letrec<{ document: Json; filter: unknown; operators: unknown }>((tie) => ({
  document: fc.oneof({ maxDepth: 4, withCrossShrink: true }, scalar, fc.array(tie("document"), { maxLength: 3 }), record(tie("document"))),
  operators: (() => {
    const ref = fc.constantFrom("a", "b[0]", "b[$index]").map(($ref) => ({ $ref }));
    const orRef = <T>(operand: fc.Arbitrary<T>) => fc.oneof({ weight: 4, arbitrary: operand }, { weight: 1, arbitrary: ref });
    const literal = orRef(fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }), record(scalar)));
    const limit = orRef(fc.oneof(word, fc.integer({ min: 0, max: 2 })));
    const listed = fc.oneof(orRef(scalar), fc.array(orRef(scalar), { maxLength: 3 }));
    const texts = fc.oneof(orRef(word), fc.array(orRef(word), { minLength: 1, maxLength: 2 }));
    const count = fc.integer({ min: 0, max: 3 });
    const parts = fc.array(tie("filter"), { minLength: 1, maxLength: 2 });
    return fc.record(
      {
        $eq: literal,
        $neq: literal,
        $gt: limit,
        $gte: limit,
        $lt: limit,
        $lte: limit,
        $in: listed,
        $nin: listed,
        $startsWith: texts,
        $endsWith: texts,
        $iequals: texts,
        $regex: fc.constantFrom("^a", "b$", "^.?$", "[ab]{2}", "A|1"),
        $exist: fc.boolean(),
        $type: fc.constantFrom("string", "number", "boolean", "null", "array", "object"),
        $size: fc.oneof(count, fc.record({ $gt: count, $in: fc.array(count) }, { requiredKeys: ["$gt"] })),
        $or: parts,
        $and: parts,
        $not: tie("filter"),
      },
      { requiredKeys: [] },
    );
  })(),
  filter: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.constantFrom({ $ref: "a" }, { $ref: "b[$index]" }),
    // One or two operators: with all eighteen at once nearly everything is a no.
    fc.tuple(tie("operators"), fc.integer(), fc.integer()).map(([operators, i, j]) => pick(operators as object, i, j)),
    record(tie("filter")),
    fc.tuple(record(tie("filter")), tie("operators"), fc.integer()).map(([fields, operators, i]) => {
      return { ...fields, ...pick(operators as object, i, i) };
    }),
    fc.array(tie("filter"), { minLength: 1, maxLength: 2 }),
  ),
}));

function pick(object: object, ...at: number[]): object {
  const entries = Object.entries(object);
  if (entries.length === 0) return {};
  return Object.fromEntries(at.map((i) => entries[Math.abs(i) % entries.length]!));
}

/** What the compiler refuses below headers, query and path: anything with fields. */
function isFlat(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isFlat);
  return Object.entries(value).every(([key, item]) => key.startsWith("$") && (key === "$size" || isFlat(item)));
}

const texts = record(fc.oneof(word, fc.array(word, { minLength: 1, maxLength: 2 })));
const flatFilter = filter.filter(isFlat);
const input: fc.Arbitrary<FilterInput> = fc.record({
  body: fc.oneof({ weight: 5, arbitrary: document }, { weight: 1, arbitrary: fc.constant(undefined) }),
  headers: texts,
  query: texts,
  path: word,
  event: record(scalar),
});

const { sections } = fc.letrec<{ sections: Record<string, unknown>; leaf: Record<string, unknown> }>((tie) => ({
  leaf: fc.record(
    { body: filter, headers: record(flatFilter), query: record(flatFilter), path: flatFilter, event: record(filter) },
    { requiredKeys: [] },
  ),
  sections: fc.oneof(
    { maxDepth: 2 },
    tie("leaf"),
    fc.record({ body: filter }),
    fc.record(
      {
        $or: fc.array(tie("sections"), { minLength: 1, maxLength: 3 }),
        $and: fc.array(tie("sections"), { minLength: 1, maxLength: 3 }),
        $not: tie("sections"),
        body: filter,
      },
      { requiredKeys: [] },
    ),
  ),
}));

function answerOf(result: { matched: boolean | "error" }): Answer {
  if (result.matched === "error") return "error";
  return result.matched ? "yes" : "no";
}

describe("the compiled filter and the model", () => {
  it("agree on the body", () => {
    const seen = { yes: 0, no: 0, error: 0 };
    fc.assert(
      fc.property(filter, document, (body, value) => {
        const compiled = compileFilter({ body });
        if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
        const answer = answerOf(compiled.filter.evaluate({ body: value, headers: {}, query: {}, path: "", event: {} }));
        seen[answer] += 1;
        expect(answer).toBe(match(value, body, { text: false, root: value, loops: [] }));
      }),
      { numRuns: 4000 },
    );
    // The generators are worth nothing if one answer hardly comes up.
    expect(Math.min(seen.yes, seen.no, seen.error)).toBeGreaterThan(200);
  });

  it("agree across sections", () => {
    fc.assert(
      fc.property(sections, input, (document, event) => {
        const compiled = compileFilter(document);
        if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
        expect(answerOf(compiled.filter.evaluate(event))).toBe(matchSections(event, document));
      }),
      { numRuns: 800 },
    );
  });

  it("do not depend on the order of keys", () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([key, item]) => [key, reversed(item)]),
      );
    };
    fc.assert(
      fc.property(filter, document, (body, value) => {
        const [one, two] = [compileFilter({ body }), compileFilter({ body: reversed(body) })];
        if (!one.ok || !two.ok) throw new Error("refused");
        const event = (value: unknown) => ({ body: value, headers: {}, query: {}, path: "", event: {} });
        expect(answerOf(one.filter.evaluate(event(value)))).toBe(answerOf(two.filter.evaluate(event(reversed(value)))));
      }),
      { numRuns: 500 },
    );
  });
});

describe("compileFilter", () => {
  it("never throws, for any document and any input", () => {
    const almost = fc.oneof(fc.jsonValue(), fc.anything(), record(fc.jsonValue()), fc.record({ body: fc.jsonValue() }), sections);
    fc.assert(
      fc.property(almost, fc.jsonValue(), (document, body) => {
        const compiled = compileFilter(document);
        if (compiled.ok) compiled.filter.evaluate({ body, headers: {}, query: {}, path: "/", event: {} });
        else expect(compiled.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });
});
