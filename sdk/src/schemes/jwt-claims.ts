// The claims of a token, checked once its signature has matched: times, issuer, and what must equal a parameter.
import { valueAt } from "../json.ts";
import type { JwtScheme, Params } from "../provider.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { textParam } from "./hmac-params.ts";

export type Claims = Readonly<Record<string, unknown>>;

export interface ClaimRules {
  readonly expires: boolean;
  readonly leewaySeconds: number;
  readonly maxAgeSeconds: number | undefined;
  /** Claim and value. */
  readonly equal: readonly (readonly [claim: string, value: string])[];
  readonly mustBeTrue: readonly string[];
}

/** Throws ConfigError for a parameter that is needed and absent. */
export function compileClaims(scheme: JwtScheme, params: Params, toleranceSeconds: number | undefined): ClaimRules {
  const equal: [string, string][] = scheme.iss === undefined ? [] : [["iss", scheme.iss]];
  for (const { claim, param, optional } of scheme.claims ?? []) {
    const value = textParam(params, param);
    if (value !== undefined && value !== "") equal.push([claim, value]);
    else if (optional !== true)
      throw new ConfigError(`params.${param}`, `is needed: without it anyone with an account at the vendor could send`);
  }
  // A token without times has no age: then a tolerance has nothing to be compared with, as for every such scheme.
  const timed = scheme.expires === true || scheme.maxAgeSeconds !== undefined;
  return {
    expires: scheme.expires === true,
    leewaySeconds: scheme.leewaySeconds,
    maxAgeSeconds: timed ? (toleranceSeconds ?? scheme.maxAgeSeconds) : undefined,
    equal,
    mustBeTrue: scheme.trueClaims ?? [],
  };
}

export function checkClaims(claims: Claims, rules: ClaimRules, nowMs: number): VerifyFailure | undefined {
  for (const [claim, value] of rules.equal) {
    if (!hasValue(claims, claim, value)) return failure("claim_mismatch", `The claim ${claim} of the token is not "${value}".`);
  }
  for (const claim of rules.mustBeTrue) {
    if (valueAt(claims, [claim]) !== true) return failure("claim_mismatch", `The claim ${claim} of the token is not true.`);
  }
  return checkTimes(claims, rules, Math.floor(nowMs / 1000));
}

// `aud` may be a list (RFC 7519, section 4.1.3); no other claim may.
function hasValue(claims: Claims, claim: string, value: string): boolean {
  const found = valueAt(claims, [claim]);
  return found === value || (claim === "aud" && Array.isArray(found) && found.includes(value));
}

function checkTimes(claims: Claims, rules: ClaimRules, now: number): VerifyFailure | undefined {
  const { leewaySeconds, maxAgeSeconds } = rules;
  const times: Partial<Record<"exp" | "nbf" | "iat", number>> = {};
  for (const name of ["exp", "nbf", "iat"] as const) {
    const value = valueAt(claims, [name]);
    const needed = (name === "exp" && rules.expires) || (name === "iat" && maxAgeSeconds !== undefined);
    if (value === undefined && !needed) continue;
    // JSON has no NaN, but 1e999 is Infinity: a token without an end.
    if (typeof value !== "number" || !Number.isFinite(value))
      return failure("claim_mismatch", `The claim ${name} of the token is ${value === undefined ? "missing" : "no number"}.`);
    times[name] = value;
  }
  const { exp, nbf, iat } = times;
  if (exp !== undefined && !(now - leewaySeconds < exp)) return failure("timestamp_too_old", `The token expired ${now - exp} s ago.`);
  if (nbf !== undefined && !(nbf <= now + leewaySeconds))
    return failure("timestamp_in_future", `The token is not valid for another ${nbf - now} s.`);
  if (iat === undefined) return undefined;
  if (!(iat <= now + leewaySeconds)) return failure("timestamp_in_future", `The token was made ${iat - now} s ahead of the clock.`);
  if (maxAgeSeconds !== undefined && !(now - iat <= maxAgeSeconds))
    return failure("timestamp_too_old", `The token is ${now - iat} s old; the tolerance is ${maxAgeSeconds} s.`);
  return undefined;
}
