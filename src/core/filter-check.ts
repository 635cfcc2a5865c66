// The machinery a compiled filter runs on: three-valued verdicts, the state of one run, and how verdicts combine.

// Small integers, so that evaluating allocates nothing.
export const NO = 0;
export const YES = 1;
/** The question made no sense for this value (a number asked whether it starts with "a"). */
export const ERROR = 2;

export type Verdict = typeof NO | typeof YES | typeof ERROR;

/** One condition, compiled. `value` is undefined where the document has nothing. */
export type Check = (value: unknown, run: Run) => Verdict;

/** Where a condition stands in the filter document. */
export interface Site {
  path: string;
  operator: string;
}

/** Why a condition did not hold or made no sense. Kept as parts: the sentence is only written if somebody is to read it. */
export interface Finding {
  site: Site;
  value: unknown;
  say: (value: unknown) => string;
}

/**
 * Work allowed in one evaluation, about a quarter of a second: a field looked up, a value compared, 64 characters
 * searched cost one step each. Ordinary events cost some hundred; a 10 MB body against a hostile filter would take hours.
 */
export const STEPS_MAX = 5_000_000;

/** The state of one evaluation. */
export interface Run {
  /** The section being checked; `$ref` paths start here. */
  root: unknown;
  /** Positions of the array loops under way, outermost first; what `$index` means. */
  loops: number[];
  steps: number;
  /** Set once the steps are used up. Verdicts after that mean nothing, and loops stop. */
  exhausted: boolean;
  /** The condition that failed last. Mutable parts instead of an object per miss, because misses are common. */
  missSite: Site | null;
  missValue: unknown;
  missSay: Finding["say"] | null;
  /** The first error that no other branch has made irrelevant. */
  fault: Finding | null;
}

export function createRun(): Run {
  return {
    root: undefined,
    loops: [],
    steps: 0,
    exhausted: false,
    missSite: null,
    missValue: undefined,
    missSay: null,
    fault: null,
  };
}

/** Takes steps from the budget; false when it is used up. */
export function spend(run: Run, steps: number): boolean {
  run.steps += steps;
  if (run.steps > STEPS_MAX) run.exhausted = true;
  return !run.exhausted;
}

export function miss(run: Run, site: Site, value: unknown, say: Finding["say"]): Verdict {
  run.missSite = site;
  run.missValue = value;
  run.missSay = say;
  return NO;
}

export function fault(run: Run, site: Site, value: unknown, say: Finding["say"]): Verdict {
  run.fault ??= { site, value, say };
  return ERROR;
}

// The combinations below follow Kleene's logic: an error counts only when the rest does not settle the answer. So
// `{amount: {$type: "number", $gt: 5}}` is a plain no for a text amount, in whatever order the keys stand, and an error
// is shown whenever the answer hangs on it.

/** All of them. No checks at all is a yes. */
export function allOf(checks: readonly Check[]): Check {
  if (checks.length === 0) return () => YES;
  if (checks.length === 1) return checks[0]!;
  return (value, run) => {
    const faultBefore = run.fault;
    let verdict: Verdict = YES;
    for (const check of checks) {
      const one = check(value, run);
      if (one === NO) {
        run.fault = faultBefore;
        return NO;
      }
      if (one === ERROR) verdict = ERROR;
    }
    return verdict;
  };
}

/** At least one of them. */
export function anyOf(checks: readonly Check[], site: Site): Check {
  const say = () => `None of the ${checks.length} alternatives matched.`;
  return (value, run) => {
    const faultBefore = run.fault;
    let faulted = false;
    for (const check of checks) {
      const one = check(value, run);
      if (one === YES) {
        run.fault = faultBefore;
        return YES;
      }
      if (one === ERROR) faulted = true;
    }
    if (faulted) return ERROR;
    return checks.length === 1 ? NO : miss(run, site, value, say);
  };
}

export function not(check: Check, site: Site): Check {
  return (value, run) => {
    const verdict = check(value, run);
    if (verdict === NO) return YES;
    return verdict === YES ? miss(run, site, value, sayNegated) : ERROR;
  };
}

function sayNegated(): string {
  return "What must not match did match.";
}

/** Whether any element passes, with its position as the innermost `$index`. */
export function anyElement(elements: readonly unknown[], check: Check, run: Run): Verdict {
  const depth = run.loops.length;
  const faultBefore = run.fault;
  let verdict: Verdict = NO;
  run.loops.push(0);
  for (let i = 0; i < elements.length && !run.exhausted; i += 1) {
    run.loops[depth] = i;
    const one = check(elements[i], run);
    if (one === YES) {
      run.fault = faultBefore;
      verdict = YES;
      break;
    }
    if (one === ERROR) verdict = ERROR;
  }
  run.loops.length = depth;
  return verdict;
}

/** Asks single values directly and arrays by element, through arrays in arrays: one element must pass the whole check. */
export function perElement(check: Check, site: Site): Check {
  const each: Check = (value, run) => {
    if (!Array.isArray(value)) return check(value, run);
    if (!spend(run, 1)) return ERROR;
    const verdict = anyElement(value, each, run);
    return verdict === NO ? miss(run, site, value, sayNoElement) : verdict;
  };
  return each;
}

function sayNoElement(value: unknown): string {
  const count = Array.isArray(value) ? value.length : 0;
  return count === 1 ? "The only element of the list does not match." : `None of the ${count} elements of the list matches.`;
}
