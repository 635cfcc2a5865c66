// Filters decide which events a subscription takes: a document over body, headers, query, path and event, compiled once.
import { STEPS_MAX, allOf, createRun, type Check, type Finding, type Run, NO, YES } from "./filter-check.ts";
import {
  checkBounds,
  compileCombination,
  compileValue,
  createCompilation,
  joinPath,
  report,
  type Compilation,
  type FilterProblem,
  type Scope,
} from "./filter-compile.ts";
import { DOCUMENT_DEPTH_MAX, isTooDeep, type FilterInput } from "./filter-input.ts";
import { isJsonObject } from "./filter-values.ts";

export type { FilterProblem } from "./filter-compile.ts";
export type { FilterInput } from "./filter-input.ts";

export interface FilterReason {
  /** Where in the filter, as `body.amount` or `$or[1].headers.x-kind`. */
  path: string;
  operator: string;
  /** One sentence; it may quote up to 60 characters of the event. */
  message: string;
}

/** An `error` is a question that made no sense for this event; it is shown, and never taken for a plain no. */
export type FilterVerdict = { matched: true } | { matched: false; reason: FilterReason } | { matched: "error"; error: FilterError };

export interface FilterError {
  code: "type_mismatch" | "too_deep" | "too_much_work";
  path: string;
  message: string;
}

export interface CompiledFilter {
  /** False when no section looks at the body, so that it need not be parsed. */
  needsBody: boolean;
  /** Never throws for JSON documents, and ends after a bounded number of steps. */
  evaluate(input: FilterInput): FilterVerdict;
}

export type CompiledFilterResult = { ok: true; filter: CompiledFilter } | { ok: false; problems: FilterProblem[] };

type Section = "body" | "headers" | "query" | "path" | "event";

const SECTIONS: Readonly<Record<Section, Omit<Scope, "path">>> = {
  body: { text: false, lowerCaseNames: false, levels: Infinity },
  headers: { text: true, lowerCaseNames: true, levels: 1 },
  query: { text: true, lowerCaseNames: false, levels: 1 },
  path: { text: true, lowerCaseNames: false, levels: 0 },
  event: { text: false, lowerCaseNames: false, levels: Infinity },
};

/**
 * Compiles a filter document: sections, all of which must hold, with `$or`, `$and` and `$not` across them.
 * Everything that can be wrong with it is reported at once (up to 20 problems), each with its path.
 */
export function compileFilter(document: unknown): CompiledFilterResult {
  const compilation = createCompilation();
  const used = new Set<Section>();
  if (!checkBounds(document, compilation)) return { ok: false, problems: compilation.problems };
  const check = compileSections(document, "", used, compilation);
  if (compilation.problems.length > 0) return { ok: false, problems: compilation.problems };
  return { ok: true, filter: { needsBody: used.has("body"), evaluate: (input) => evaluate(check, used, input) } };
}

/** Whether the body must be parsed before this filter can be evaluated. */
export function filterNeedsBody(filter: CompiledFilter): boolean {
  return filter.needsBody;
}

function compileSections(document: unknown, path: string, used: Set<Section>, compilation: Compilation): Check {
  const names = Object.keys(SECTIONS).join(", ");
  if (!isJsonObject(document)) {
    return report(compilation, path, `A filter is an object with some of the sections ${names}.`);
  }
  const checks = Object.entries(document).map(([key, operand]) => {
    const below = joinPath(path, key);
    if (key === "$or" || key === "$and" || key === "$not") {
      return compileCombination(key, operand, below, compilation, (part, partPath) => compileSections(part, partPath, used, compilation));
    }
    if (!isSection(key)) {
      const message = `${key} is not a section of a filter; the sections are ${names}, and $or, $and, $not combine them.`;
      return report(compilation, below, message);
    }
    used.add(key);
    return compileSection(key, operand, below, compilation);
  });
  return allOf(checks);
}

function compileSection(section: Section, operand: unknown, path: string, compilation: Compilation): Check {
  if (section !== "body" && section !== "path" && !isJsonObject(operand)) {
    return report(compilation, path, `${section} takes an object of fields.`);
  }
  const check = compileValue(operand, { ...SECTIONS[section], path }, compilation);
  return (input, run) => {
    run.root = (input as FilterInput)[section];
    return check(run.root, run);
  };
}

function isSection(key: string): key is Section {
  return Object.hasOwn(SECTIONS, key);
}

function evaluate(check: Check, used: ReadonlySet<Section>, input: FilterInput): FilterVerdict {
  for (const section of ["body", "event"] as const) {
    if (used.has(section) && isTooDeep(input[section])) {
      const message = `The ${section} nests deeper than ${DOCUMENT_DEPTH_MAX} levels, so filters do not look into it.`;
      return { matched: "error", error: { code: "too_deep", path: section, message } };
    }
  }
  const run = createRun();
  const verdict = check(input, run);
  if (run.exhausted) {
    const message = `The filter needed more than ${STEPS_MAX} steps for this event.`;
    return { matched: "error", error: { code: "too_much_work", path: "", message } };
  }
  switch (verdict) {
    case YES:
      return { matched: true };
    case NO:
      return { matched: false, reason: missReason(run) };
    default:
      return { matched: "error", error: faultError(run.fault) };
  }
}

function missReason(run: Run): FilterReason {
  const { missSite, missSay, missValue } = run;
  if (missSite === null || missSay === null) throw new Error("a check said no without a reason");
  return { path: missSite.path, operator: missSite.operator, message: missSay(missValue) };
}

function faultError(finding: Finding | null): FilterError {
  if (finding === null) throw new Error("a check failed without a fault");
  return {
    code: "type_mismatch",
    path: joinPath(finding.site.path, finding.site.operator),
    message: finding.say(finding.value),
  };
}
