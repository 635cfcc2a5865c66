// Rules by status: which answers of a receiver are tried again. `500-599` and `429` are, `!401` is not.

/** `retry` is false for a rule that begins with `!`. */
export interface StatusRule {
  first: number;
  last: number;
  retry: boolean;
}

export const STATUS_RULES_MAX = 50;

const PATTERN = /^(?<never>!?)(?<first>\d{3})(?:-(?<last>\d{3}))?$/;
const STATUS_MIN = 100;

export type StatusRuleVerdict = { ok: true; rule: StatusRule } | { ok: false; message: string };

/** Reads one rule; the message is for the person who wrote it. */
export function parseStatusRule(text: string): StatusRuleVerdict {
  const parts = PATTERN.exec(text)?.groups;
  if (parts === undefined) {
    return { ok: false, message: "Write a status or a range of them, as in 429, 500-599 or !401: the exclamation mark means never again." };
  }
  const first = Number(parts.first);
  const last = Number(parts.last ?? parts.first);
  if (first < STATUS_MIN) return { ok: false, message: "Statuses begin at 100." };
  if (last < first) return { ok: false, message: "A range goes from the lower status to the higher one." };
  if (first >= 200 && last <= 299) return { ok: false, message: "200 to 299 are success: no rule is asked about them." };
  if (first === 410 && last === 410) {
    return { ok: false, message: "410 asks us to stop and disables the destination, whatever the rules say." };
  }
  return { ok: true, rule: { first, last, retry: parts.never === "" } };
}

/** The first of the rules that names this status, as it was written; undefined when none does. */
export function ruleFor(rules: readonly string[], status: number): { text: string; retry: boolean } | undefined {
  for (const text of rules) {
    const verdict = parseStatusRule(text);
    if (verdict.ok && status >= verdict.rule.first && status <= verdict.rule.last) return { text, retry: verdict.rule.retry };
  }
  return undefined;
}
