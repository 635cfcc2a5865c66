// What the layouts of canonical requests share: their keys, and headers that the request itself names.
import { needSecret, refusePublicKey, refuseUnknownParams, secretKey, type SchemeConfig } from "../config.ts";
import type { Key, SigningKey } from "../plan.ts";
import { headerPairs, type HeadersInput } from "../request.ts";

/** Throws ConfigError for secrets that are too short and for parameters that are not among `params`. */
export function canonicalKeys(config: SchemeConfig, params: readonly string[]): (Key & SigningKey)[] {
  needSecret(config);
  refusePublicKey(config);
  refuseUnknownParams(config, params);
  return config.secrets.map((secret, secretIndex) => ({
    algorithm: "hmac-sha256",
    ...secretKey(secret, "utf8", `secrets[${secretIndex}]`),
    secretIndex,
  }));
}

/** Every header by its lower-case name; null for one that is present more than once. */
export function headersByName(headers: HeadersInput): ReadonlyMap<string, string | null> {
  const values = new Map<string, string | null>();
  for (const [name, value] of headerPairs(headers)) {
    const lower = name.toLowerCase();
    values.set(lower, values.has(lower) ? null : value);
  }
  return values;
}
