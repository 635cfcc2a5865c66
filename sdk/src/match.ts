// Decides whether a plan is fulfilled: which keys, in which order, and what else must hold. Both executors use it.
import type { Candidate, CompiledScheme, Content, Key, Plan, Signed } from "./plan.ts";
import type { VerifyResult } from "./result.ts";

/** A key made ready, and whether one of the candidates is its signature over the content. */
export interface KeyCheck {
  readonly result: VerifyResult;
  matches(signed: Signed): boolean;
}

export type Digest = NonNullable<Plan["digests"]>[number];

const accepted: VerifyResult = { ok: true, secretIndex: undefined };

/** The answer for a plan. */
export function matchPlan(
  plan: Plan,
  scheme: CompiledScheme,
  keys: readonly KeyCheck[],
  isDigest: (digest: Digest) => boolean,
): VerifyResult {
  if (scheme.unsigned) return accepted;
  let result = matchKeys(plan, keys, scheme.mismatch);
  const { alternatives = none, digests, after } = plan;
  for (const content of alternatives) {
    if (!result.ok) result = matchKeys({ ...plan, content }, keys, scheme.mismatch);
  }
  if (!result.ok) return result;
  if (digests !== undefined && !digests.every(isDigest)) return scheme.mismatch;
  return after?.() ?? result;
}

const none: readonly Content[] = [];

// Every key is tried even after a match, so that the time does not tell which secret is in use.
function matchKeys(plan: Plan, keys: readonly KeyCheck[], mismatch: VerifyResult): VerifyResult {
  let result = mismatch;
  for (const key of keys) {
    if (matchesAll(key, plan) && !result.ok) result = key.result;
  }
  return result;
}

function matchesAll(key: KeyCheck, plan: Plan): boolean {
  return key.matches(plan) && (plan.also === undefined || plan.also.every((each) => key.matches(each)));
}

/** Whether the candidate is one that the key may be tried on. */
export function isFor(candidate: Candidate, key: Key): boolean {
  if (candidate.algorithm !== key.algorithm) return false;
  return candidate.keyId === undefined || key.keyId === undefined || candidate.keyId === key.keyId;
}
