// The operators of a filter that look at a value: each compiles its operand into a check, or refuses it with a reason.
import { RE2JS } from "re2js";
import { compilePath } from "./document-path.ts";
import { ERROR, NO, YES, anyElement, fault, miss, spend, type Check, type Run, type Site, type Verdict } from "./filter-check.ts";
import { JSON_TYPES, deepEqual, describe, isJsonObject, jsonTypeOf } from "./filter-values.ts";

/** Where in the filter an operator stands, and what it needs from the compiler. */
export interface OperatorContext {
  site: Site;
  /** Headers, query and path: values there are texts, so numbers of the filter are compared by their text. */
  text: boolean;
  /** Header names are case-insensitive, so `$ref` paths in the headers section are put in lower case. */
  lowerCaseNames: boolean;
  /** Reports a problem at this operator, or below it. The check it returns never runs. */
  refuse(message: string, below?: string): Check;
  /** Takes from the filter's allowance of compiled regular expressions; false when it is used up. */
  takeProgram(size: number): boolean;
  /** A check of the same language for a number, for `$size`. */
  compileNumber(operand: Record<string, unknown>): Check;
}

export interface Operator {
  /** `value`: asked of the value itself, lists included. `element`: asked of single values, of a list by element. */
  asks: "value" | "element";
  compile(operand: unknown, context: OperatorContext): Check;
}

const REGEX_CHARACTERS_MAX = 1000;

type Operand = (run: Run) => unknown;

/** Equality, also for bare values: a list matches when it is equal as a whole or has an equal element. */
export function compileEquality(operand: unknown, context: OperatorContext): Check {
  const expected = readOperand(operand, context);
  if (expected === undefined) return neverRuns;
  const { site, text } = context;
  const say = (value: unknown) => `${describe(value)} is not ${describeOperand(operand)}.`;
  const equal: Check = (value, run) => {
    if (!spend(run, 1)) return ERROR;
    if (deepEqual(value, expected(run), text, run)) return YES;
    if (Array.isArray(value) && anyElement(value, equal, run) === YES) return YES;
    return miss(run, site, value, say);
  };
  return equal;
}

function compileInequality(operand: unknown, context: OperatorContext): Check {
  return inverted(compileEquality(operand, context), context.site, (value) => {
    return `${describe(value)} is ${describeOperand(operand)}, which it must not be.`;
  });
}

/**
 * A list as operand: the value is one of them, or a list with one of them. A text as operand: it is part of a text
 * value, or an element of a list. Any other single operand: an element of a list.
 */
function compileMembership(operand: unknown, context: OperatorContext): Check {
  const { site, text } = context;
  if (isJsonObject(operand) && !Object.hasOwn(operand, "$ref")) {
    return context.refuse("takes a list of values, or a single text, number, boolean or null.");
  }
  const allowed = readOperandList(operand, context);
  if (allowed === undefined) return neverRuns;
  const sayNot = (value: unknown) => `${describe(value)} is not in ${describeOperand(operand)}.`;
  const sayWrong = (value: unknown) => `${describe(value)} can be neither part nor element of ${describeOperand(operand)}.`;
  const sameAsOption: Check = (element, run) => {
    if (!spend(run, 1)) return ERROR;
    if (deepEqual(element, allowed(run), text, run)) return YES;
    return Array.isArray(element) ? anyElement(element, sameAsOption, run) : NO;
  };
  const member: Check = (value, run) => {
    if (!spend(run, 1)) return ERROR;
    const options = allowed(run);
    if (Array.isArray(options)) {
      for (const option of options) {
        if (!spend(run, 1)) return ERROR;
        if (deepEqual(value, option, text, run)) return YES;
      }
      if (Array.isArray(value) && anyElement(value, member, run) === YES) return YES;
      return miss(run, site, value, sayNot);
    }
    if (Array.isArray(value)) {
      return anyElement(value, sameAsOption, run) === YES ? YES : miss(run, site, value, sayNot);
    }
    if (isAbsent(value) || isAbsent(options)) return miss(run, site, value, sayNot);
    if (typeof value !== "string" || typeof options === "object") return fault(run, site, value, sayWrong);
    if (typeof options !== "string" && !text) return fault(run, site, value, sayWrong);
    if (!spend(run, value.length >> 6)) return ERROR;
    return value.includes(textOf(options)) ? YES : miss(run, site, value, sayNot);
  };
  return member;
}

function compileNonMembership(operand: unknown, context: OperatorContext): Check {
  return inverted(compileMembership(operand, context), context.site, (value) => {
    return `${describe(value)} is in ${describeOperand(operand)}, which it must not be.`;
  });
}

function comparison(words: string, holds: (order: number) => boolean): Operator {
  return {
    asks: "element",
    compile(operand, context) {
      if (!isReference(operand) && typeof operand !== "string" && typeof operand !== "number") {
        return context.refuse(`compares with a number or a text (dates as ISO texts), not with ${describe(operand)}.`);
      }
      const limit = readOperand(operand, context);
      if (limit === undefined) return neverRuns;
      const { site, text } = context;
      const sayNot = (value: unknown) => `${describe(value)} is not ${words} ${describeOperand(operand)}.`;
      const sayWrong = (value: unknown) => {
        return `${describe(value)} cannot be compared with ${describeOperand(operand)}: both must be numbers or both texts.`;
      };
      return (value, run) => {
        if (!spend(run, 1)) return ERROR;
        const against = limit(run);
        if (isAbsent(value) || isAbsent(against)) return miss(run, site, value, sayNot);
        const order = compare(text && typeof against === "number" ? numberIn(value) : value, against);
        if (order === undefined) return fault(run, site, value, sayWrong);
        return holds(order) ? YES : miss(run, site, value, sayNot);
      };
    },
  };
}

/** Texts by UTF-16 code units, which puts ISO dates of one form in order of time. Undefined for unlike types. */
function compare(value: unknown, against: unknown): number | undefined {
  const alike = (typeof value === "number" && typeof against === "number") || (typeof value === "string" && typeof against === "string");
  if (!alike) return undefined;
  if (value === against) return 0;
  return value < against ? -1 : 1;
}

/** Headers and query parameters hold numbers as text; anything but a plain decimal stays what it is. */
function numberIn(value: unknown): unknown {
  return typeof value === "string" && /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value;
}

function textOperator(words: string, holds: (value: string, operand: string) => boolean): Operator {
  return {
    asks: "element",
    compile(operand, context) {
      const listed = Array.isArray(operand) ? operand : [operand];
      if (listed.length === 0 || !listed.every((item) => typeof item === "string" || isReference(item))) {
        return context.refuse("takes a text or a list of texts.");
      }
      const options = readOperandList(operand, context);
      if (options === undefined) return neverRuns;
      const { site } = context;
      const sayNot = (value: unknown) => `${describe(value)} does not ${words} ${describeOperand(operand)}.`;
      const sayWrong = (value: unknown) => `${describe(value)} is not a text, which ${site.operator} needs.`;
      const sayWrongOperand = () => `What ${describeOperand(operand)} leads to is not a text.`;
      return (value, run) => {
        if (isAbsent(value)) return miss(run, site, value, sayNot);
        if (typeof value !== "string") return fault(run, site, value, sayWrong);
        const found = options(run);
        let verdict: Verdict = miss(run, site, value, sayNot);
        for (const option of Array.isArray(found) ? found : [found]) {
          if (!spend(run, 1 + (value.length >> 6))) return ERROR;
          if (isAbsent(option)) continue;
          if (typeof option !== "string") verdict = ERROR;
          else if (holds(value, option)) return YES;
        }
        return verdict === ERROR ? fault(run, site, value, sayWrongOperand) : verdict;
      };
    },
  };
}

const REGEX_FLAGS: Readonly<Record<string, number>> = {
  i: RE2JS.CASE_INSENSITIVE,
  m: RE2JS.MULTILINE,
  s: RE2JS.DOTALL,
};

/**
 * RE2 syntax, found anywhere in the text unless anchored. RE2 has no backtracking, so its time is at most the size of
 * the compiled program times the length of the text (15 ns for each, measured); that product is taken from the budget.
 */
function compileRegex(operand: unknown, context: OperatorContext): Check {
  const { pattern, flags, extra } = readRegex(operand);
  if (typeof pattern !== "string" || typeof flags !== "string" || extra) {
    return context.refuse('takes a pattern such as "^ab", or {"pattern": "^ab", "flags": "i"}.');
  }
  if (pattern.length > REGEX_CHARACTERS_MAX) {
    return context.refuse(`has ${pattern.length} characters; a pattern has at most ${REGEX_CHARACTERS_MAX}.`);
  }
  if (repeatWork(pattern) > REPEAT_WORK_MAX || !context.takeProgram(0)) return context.refuse(TOO_LARGE);
  if (!/^[ims]*$/.test(flags)) return context.refuse("The flags of a pattern are made of i, m and s.", "flags");
  const compiled = compilePattern(pattern, flags);
  if (typeof compiled === "string") return context.refuse(compiled);
  const size = compiled.programSize();
  if (!context.takeProgram(size)) return context.refuse(TOO_LARGE);
  const { site } = context;
  const sayNot = (value: unknown) => `${describe(value)} does not match /${pattern}/${flags}.`;
  const sayWrong = (value: unknown) => `${describe(value)} is not a text, so no pattern can match it.`;
  return (value, run) => {
    if (isAbsent(value)) return miss(run, site, value, sayNot);
    if (typeof value !== "string") return fault(run, site, value, sayWrong);
    if (!spend(run, 1 + ((value.length * size) >>> 3))) return ERROR;
    return compiled.test(value) ? YES : miss(run, site, value, sayNot);
  };
}

const TOO_LARGE = "makes the filter's regular expressions too large in all; use smaller repeat counts.";

/**
 * An upper bound of what repeat counts make of a pattern, before it is compiled: 1000 characters of `(x?){1000}` would
 * keep the compiler busy for a second. 50 000 is some 50 ms, and leaves room for `[a-z0-9-]{1,500}@[a-z0-9-]{1,500}`.
 */
const REPEAT_WORK_MAX = 50_000;

function repeatWork(pattern: string): number {
  let repeats = 0;
  for (const [, least, most] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    repeats += Math.max(Number(least), Number(most ?? 0));
  }
  return repeats * pattern.length;
}

function readRegex(operand: unknown): { pattern: unknown; flags: unknown; extra: boolean } {
  if (!isJsonObject(operand)) return { pattern: operand, flags: "", extra: false };
  const extra = Object.keys(operand).some((key) => key !== "pattern" && key !== "flags");
  return {
    pattern: Object.hasOwn(operand, "pattern") ? operand.pattern : undefined,
    flags: Object.hasOwn(operand, "flags") ? operand.flags : "",
    extra,
  };
}

function compilePattern(pattern: string, flags: string): RE2JS | string {
  let bits = 0;
  for (const flag of flags) bits |= REGEX_FLAGS[flag] ?? 0;
  try {
    return RE2JS.compile(pattern, bits);
  } catch (error) {
    // RE2 leaves out look-around and back-references, which is what makes its time linear.
    return `is not a regular expression of RE2: ${error instanceof Error ? error.message : "it cannot be compiled"}.`;
  }
}

function compileExistence(operand: unknown, context: OperatorContext): Check {
  if (typeof operand !== "boolean") return context.refuse("takes true or false.");
  const { site } = context;
  const say = (value: unknown) => (operand ? "The field is absent." : `The field is there, with ${describe(value)}.`);
  return (value, run) => ((value !== undefined) === operand ? YES : miss(run, site, value, say));
}

function compileType(operand: unknown, context: OperatorContext): Check {
  const expected = JSON_TYPES.find((type) => type === operand);
  if (expected === undefined) return context.refuse(`takes one of ${JSON_TYPES.join(", ")}.`);
  const { site } = context;
  const say = (value: unknown) => `${describe(value)} is not of type ${expected}.`;
  return (value, run) => (jsonTypeOf(value) === expected ? YES : miss(run, site, value, say));
}

/** The number of elements of a list, or of UTF-16 units of a text, as JavaScript counts them. */
function compileSize(operand: unknown, context: OperatorContext): Check {
  const { site } = context;
  const isCount = typeof operand === "number" && Number.isInteger(operand) && operand >= 0;
  if (!isCount && !isJsonObject(operand)) return context.refuse("takes a whole number or a comparison such as {$gt: 2}.");
  const check = context.compileNumber(isJsonObject(operand) ? operand : { $eq: operand });
  const sayAbsent = () => "The field is absent, so it has no size.";
  const sayWrong = (value: unknown) => `${describe(value)} is neither a list nor a text, so it has no size.`;
  return (value, run) => {
    if (isAbsent(value)) return miss(run, site, value, sayAbsent);
    if (typeof value !== "string" && !Array.isArray(value)) return fault(run, site, value, sayWrong);
    return check(value.length, run);
  };
}

/** Null and absent are alike for operators that need something to work on: optional fields come both ways. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isReference(operand: unknown): boolean {
  return isJsonObject(operand) && Object.hasOwn(operand, "$ref");
}

function readOperandList(operand: unknown, context: OperatorContext): Operand | undefined {
  if (!Array.isArray(operand)) return readOperand(operand, context);
  const items = operand.map((item) => readOperand(item, context));
  if (items.includes(undefined)) return undefined;
  if (!operand.some(isReference)) return () => operand;
  return (run) => items.map((item) => item?.(run));
}

/** A literal, or `{$ref: path}`: another value of the same section. Undefined when it was refused. */
function readOperand(operand: unknown, context: OperatorContext): Operand | undefined {
  if (!isJsonObject(operand) || !isReference(operand)) return () => operand;
  const reference = operand.$ref;
  if (Object.keys(operand).length > 1) {
    context.refuse("has $ref beside other keys; it stands alone.");
    return undefined;
  }
  if (typeof reference !== "string") {
    context.refuse("$ref takes a path such as data.created.", "$ref");
    return undefined;
  }
  const compiled = compilePath(context.lowerCaseNames ? reference.toLowerCase() : reference, { allowIndex: true });
  if (!compiled.ok) {
    context.refuse(compiled.message, "$ref");
    return undefined;
  }
  return (run) => compiled.path.get(run.root, run.loops);
}

function describeOperand(operand: unknown): string {
  if (isJsonObject(operand) && typeof operand.$ref === "string") return `the value of ${operand.$ref}`;
  return Array.isArray(operand) && operand.length > 0 ? operand.slice(0, 5).map(describeOperand).join(" or ") : describe(operand);
}

function inverted(check: Check, site: Site, say: (value: unknown) => string): Check {
  return (value, run) => {
    const verdict = check(value, run);
    if (verdict === ERROR) return ERROR;
    return verdict === YES ? miss(run, site, value, say) : YES;
  };
}

const neverRuns: Check = () => ERROR;

export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["$eq", { asks: "value", compile: compileEquality }],
  ["$neq", { asks: "value", compile: compileInequality }],
  ["$in", { asks: "value", compile: compileMembership }],
  ["$nin", { asks: "value", compile: compileNonMembership }],
  ["$gt", comparison("above", (order) => order > 0)],
  ["$gte", comparison("at least", (order) => order >= 0)],
  ["$lt", comparison("below", (order) => order < 0)],
  ["$lte", comparison("at most", (order) => order <= 0)],
  ["$startsWith", textOperator("start with", (value, operand) => value.startsWith(operand))],
  ["$endsWith", textOperator("end with", (value, operand) => value.endsWith(operand))],
  ["$iequals", textOperator("equal, in any case,", (value, operand) => value.toLowerCase() === operand.toLowerCase())],
  ["$regex", { asks: "element", compile: compileRegex }],
  ["$exist", { asks: "value", compile: compileExistence }],
  ["$type", { asks: "value", compile: compileType }],
  ["$size", { asks: "value", compile: compileSize }],
]);

/** Headers and queries hold only texts, so a number or boolean is looked for as it would be written. */
function textOf(value: {} | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
