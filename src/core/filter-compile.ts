// Compiles the part of a filter below a section into one check: bare values, lists, objects of fields and operators.
import { appendKey, ownValue } from "./document-path.ts";
import { ERROR, NO, allOf, anyElement, anyOf, miss, not, perElement, spend, type Check, type Site } from "./filter-check.ts";
import { DOCUMENT_DEPTH_MAX } from "./filter-input.ts";
import { OPERATORS, compileEquality, type Operator, type OperatorContext } from "./filter-operators.ts";
import { describe, isJsonObject } from "./filter-values.ts";

export interface FilterProblem {
  /** Where in the filter document, as `body.amount.$gt`; empty for the document itself. */
  path: string;
  message: string;
}

const FILTER_NODES_MAX = 1000;
/** Compiled size of all regular expressions of a filter: `a{1000}` is 1003, an ordinary pattern below 50. */
const REGEX_PROGRAM_MAX = 10_000;
const PROBLEMS_MAX = 20;

/** What one compilation gathers and may still use. */
export interface Compilation {
  problems: FilterProblem[];
  programLeft: number;
}

/** Where in the filter the compiler is, and what the values there are like. */
export interface Scope {
  path: string;
  text: boolean;
  lowerCaseNames: boolean;
  /** How many levels of fields may follow: none below a header, any number in a body. */
  levels: number;
}

export function createCompilation(): Compilation {
  return { problems: [], programLeft: REGEX_PROGRAM_MAX };
}

export function report(compilation: Compilation, path: string, message: string): Check {
  if (compilation.problems.length < PROBLEMS_MAX) compilation.problems.push({ path, message });
  return neverRuns;
}

const neverRuns: Check = () => ERROR;

/** Bounds a filter before anything is compiled, so that the compiler can recurse freely. False when it is refused. */
export function checkBounds(document: unknown, compilation: Compilation): boolean {
  let nodes = 0;
  const visit = (value: unknown, path: string, depth: number): boolean => {
    nodes += 1;
    if (nodes > FILTER_NODES_MAX) {
      report(compilation, "", `A filter has at most ${FILTER_NODES_MAX} values in all.`);
      return false;
    }
    if (value === null || typeof value === "string" || typeof value === "boolean") return true;
    if (typeof value === "number" && Number.isFinite(value)) return true;
    if (typeof value !== "object") {
      report(compilation, path, "A filter is made of JSON values only.");
      return false;
    }
    if (depth === DOCUMENT_DEPTH_MAX) {
      report(compilation, path, `A filter nests at most ${DOCUMENT_DEPTH_MAX} levels deep.`);
      return false;
    }
    if (Array.isArray(value)) return value.every((item, i) => visit(item, `${path}[${i}]`, depth + 1));
    return Object.entries(value).every(([key, item]) => visit(item, joinPath(path, key), depth + 1));
  };
  return visit(document, "", 0);
}

/** The path of a key of the filter; operators are part of the path as they are. */
export function joinPath(path: string, key: string): string {
  if (!/^\$\w+$/.test(key)) return appendKey(path, key);
  return path === "" ? key : `${path}.${key}`;
}

/** Any filter value: a bare value is equality, a list asks for all its items, an object holds fields and operators. */
export function compileValue(document: unknown, scope: Scope, compilation: Compilation): Check {
  if (Array.isArray(document)) return compileContainsAll(document, scope, compilation);
  if (isJsonObject(document)) return compileObject(document, scope, compilation);
  const site = { path: scope.path, operator: "$eq" };
  return compileEquality(document, operatorContext(site, scope.path, scope, compilation));
}

/** Each item of the list is a filter that some element must match. */
function compileContainsAll(items: readonly unknown[], scope: Scope, compilation: Compilation): Check {
  if (items.length === 0) {
    return report(compilation, scope.path, "An empty list would match every list; write {$size: 0} for an empty one.");
  }
  const site = { path: scope.path, operator: "$and" };
  const checks = items.map((item, i) => {
    const itemSite = { path: `${scope.path}[${i}]`, operator: "$in" };
    const check = compileValue(item, { ...scope, path: itemSite.path }, compilation);
    const contained: Check = (value, run) => {
      const verdict = anyElement(value as unknown[], check, run);
      return verdict === NO ? miss(run, itemSite, value, sayMissing) : verdict;
    };
    return contained;
  });
  const all = allOf(checks);
  return (value, run) => {
    if (!spend(run, 1)) return ERROR;
    if (Array.isArray(value)) return all(value, run);
    // A header that came once is a text, and the same header twice is a list: both are lists of values to a filter.
    if (scope.text && typeof value === "string") return all([value], run);
    return miss(run, site, value, sayNoList);
  };
}

function sayMissing(value: unknown): string {
  return `${describe(value)} lacks an element that matches this item.`;
}

function sayNoList(value: unknown): string {
  return `${describe(value)} is not a list.`;
}

/**
 * All keys of an object must hold. Asked of a list, fields and comparisons must hold for one and the same element, while
 * `$exist $type $size $eq $neq $in $nin` look at the list itself. `$or $and $not` belong to the element where there are
 * fields beside them, and to the list where there are none: `{tags: {$not: "a"}}` means that no tag is "a".
 */
function compileObject(document: Record<string, unknown>, scope: Scope, compilation: Compilation): Check {
  if (Object.hasOwn(document, "$ref")) {
    const site = { path: scope.path, operator: "$ref" };
    return compileEquality(document, operatorContext(site, scope.path, scope, compilation));
  }
  const whole: Check[] = [];
  const element: Check[] = [];
  const combined: Check[] = [];
  let hasFields = false;
  for (const [key, operand] of Object.entries(document)) {
    if (!key.startsWith("$")) {
      hasFields = true;
      element.push(compileField(key, operand, scope, compilation));
    } else if (key === "$or" || key === "$and" || key === "$not") {
      combined.push(
        compileCombination(key, operand, joinPath(scope.path, key), compilation, (part, path) =>
          compileValue(part, { ...scope, path }, compilation),
        ),
      );
    } else {
      const operator = OPERATORS.get(key);
      const check = compileOperator(key, operator, operand, scope, compilation);
      (operator?.asks === "element" ? element : whole).push(check);
    }
  }
  (hasFields ? element : whole).push(...combined);
  if (element.length > 0) whole.push(perElement(allOf(element), { path: scope.path, operator: "$in" }));
  return allOf(whole);
}

function compileField(key: string, operand: unknown, scope: Scope, compilation: Compilation): Check {
  const name = scope.lowerCaseNames ? key.toLowerCase() : key;
  const path = appendKey(scope.path, name);
  if (scope.levels === 0) return report(compilation, path, `${scope.path} is a text, so there is nothing below it.`);
  const check = compileValue(operand, { ...scope, path, levels: scope.levels - 1 }, compilation);
  return (value, run) => (spend(run, 1) ? check(ownValue(value, name), run) : ERROR);
}

/** `$or`, `$and` and `$not` over parts of any kind: values here, whole sections at the top of a filter. */
export function compileCombination(
  operator: "$or" | "$and" | "$not",
  operand: unknown,
  path: string,
  compilation: Compilation,
  compilePart: (part: unknown, path: string) => Check,
): Check {
  const site: Site = { path, operator };
  if (operator === "$not") return not(compilePart(operand, path), site);
  if (!Array.isArray(operand) || operand.length === 0) {
    return report(compilation, path, `${operator} takes a list of at least one filter.`);
  }
  const checks = operand.map((part, i) => compilePart(part, `${path}[${i}]`));
  return operator === "$or" ? anyOf(checks, site) : allOf(checks);
}

/** What people write who come from MongoDB or other filters. */
const MEANT: Readonly<Record<string, string>> = {
  $exists: "$exist",
  $ne: "$neq",
  $regexp: "$regex",
  $contains: "$in",
  $includes: "$in",
  $notIn: "$nin",
  $length: "$size",
};

function compileOperator(key: string, operator: Operator | undefined, operand: unknown, scope: Scope, compilation: Compilation): Check {
  const path = joinPath(scope.path, key);
  if (operator === undefined) {
    const meant = Object.hasOwn(MEANT, key) ? ` Did you mean ${MEANT[key]}?` : "";
    return report(compilation, path, `${key} is not an operator.${meant}`);
  }
  return operator.compile(operand, operatorContext({ path: scope.path, operator: key }, path, scope, compilation));
}

function operatorContext(site: Site, path: string, scope: Scope, compilation: Compilation): OperatorContext {
  return {
    site,
    text: scope.text,
    lowerCaseNames: scope.lowerCaseNames,
    refuse(message, below) {
      if (below !== undefined) return report(compilation, joinPath(path, below), message);
      return report(compilation, path, `${site.operator} ${message}`);
    },
    takeProgram(size) {
      compilation.programLeft -= size;
      return compilation.programLeft >= 0;
    },
    compileNumber(operand) {
      const misplaced = Object.keys(operand).find((key) => !NUMBER_OPERATORS.has(key));
      if (misplaced !== undefined || Object.keys(operand).length === 0) {
        const known = [...NUMBER_OPERATORS].join(", ");
        return report(compilation, path, `${site.operator} takes a whole number or comparisons out of ${known}.`);
      }
      return compileObject(operand, { ...scope, path, text: false, levels: 0 }, compilation);
    },
  };
}

const NUMBER_OPERATORS: ReadonlySet<string> = new Set(["$eq", "$neq", "$gt", "$gte", "$lt", "$lte", "$in", "$nin"]);
