// Event types and the patterns a subscription names them by: `invoice.paid`, `invoice.*`, `invoice.**`, `*`.

export const EVENT_TYPE_CHARACTERS_MAX = 256;

export type EventTypeVerdict = { ok: true } | { ok: false; message: string };

/**
 * Whether a text can be an event type. Providers name their types freely (`repo:push`, `orders/create`, with spaces
 * even), so everything but control characters is allowed.
 */
export function validateEventType(type: string): EventTypeVerdict {
  if (type === "") return { ok: false, message: "An event type cannot be empty." };
  if (type.length > EVENT_TYPE_CHARACTERS_MAX) {
    return { ok: false, message: `An event type has at most ${EVENT_TYPE_CHARACTERS_MAX} characters.` };
  }
  if (/\p{Cc}/u.test(type)) return { ok: false, message: "An event type cannot hold control characters." };
  return { ok: true };
}

/**
 * Patterns split on dots only. `*` stands for exactly one segment and `**` for any number of them, none included.
 * A lone `*` takes every type, because that is what it means at Stripe and GitHub.
 */
export function validateEventTypePattern(pattern: string): EventTypeVerdict {
  const asType = validateEventType(pattern);
  if (!asType.ok) return asType;
  const segments = pattern.split(".");
  if (segments.some((segment) => segment.includes("*") && segment !== "*" && segment !== "**")) {
    return { ok: false, message: `In ${pattern}, * and ** stand for whole segments between dots, as in invoice.*.` };
  }
  // One `**` leaves a fixed head and tail to compare, so that matching is linear whatever the pattern.
  if (segments.filter((segment) => segment === "**").length > 1) {
    return { ok: false, message: `${pattern} has more than one **; one is enough for any number of segments.` };
  }
  return { ok: true };
}

/**
 * One predicate for a list of patterns; an empty list takes every type. Exact names cost one set lookup however many
 * there are. Throws on a pattern that `validateEventTypePattern` refuses: those are stopped when they are saved.
 */
export function compileEventTypePatterns(patterns: readonly string[]): (type: string) => boolean {
  const exact = new Set<string>();
  const wild: Wildcard[] = [];
  let everything = patterns.length === 0;
  for (const pattern of patterns) {
    const verdict = validateEventTypePattern(pattern);
    if (!verdict.ok) throw new TypeError(verdict.message);
    if (pattern === "*" || pattern === "**") everything = true;
    else if (pattern.includes("*")) wild.push(compileWildcard(pattern));
    else exact.add(pattern);
  }
  if (everything) return () => true;
  if (wild.length === 0) return (type) => exact.has(type);
  return (type) => {
    if (exact.has(type)) return true;
    const segments = type.split(".");
    return wild.some((wildcard) => matchesWildcard(wildcard, segments));
  };
}

interface Wildcard {
  head: readonly string[];
  /** Null without `**`: then the head is the whole pattern. */
  tail: readonly string[] | null;
}

function compileWildcard(pattern: string): Wildcard {
  const segments = pattern.split(".");
  const gap = segments.indexOf("**");
  return gap === -1 ? { head: segments, tail: null } : { head: segments.slice(0, gap), tail: segments.slice(gap + 1) };
}

function matchesWildcard({ head, tail }: Wildcard, segments: readonly string[]): boolean {
  if (tail === null) return head.length === segments.length && matchesAt(head, segments, 0);
  if (head.length + tail.length > segments.length) return false;
  return matchesAt(head, segments, 0) && matchesAt(tail, segments, segments.length - tail.length);
}

function matchesAt(pattern: readonly string[], segments: readonly string[], offset: number): boolean {
  return pattern.every((part, i) => part === "*" || part === segments[offset + i]);
}
