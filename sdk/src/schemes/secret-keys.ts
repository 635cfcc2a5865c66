// The keys of schemes whose sender and receiver share a secret: one per configured secret.
import { needSecret, refusePublicKey, refuseUnknownParams, secretKey, type SchemeConfig } from "../config.ts";
import type { Key, SigningKey } from "../plan.ts";
import type { HmacAlgorithm, KeyEncoding } from "../provider.ts";

interface SecretKeyOptions {
  /** Default `utf8`. */
  readonly key?: KeyEncoding | undefined;
  /** The parameters a source of this scheme may have; default none. */
  readonly params?: readonly string[];
}

/** Throws ConfigError without a secret, with a public key, for secrets that cannot be used, and for unknown parameters. */
export function secretKeys<Named extends HmacAlgorithm | "equal">(
  config: SchemeConfig,
  algorithm: Named,
  { key = "utf8", params = [] }: SecretKeyOptions = {},
): (Key & Omit<SigningKey, "algorithm"> & { readonly algorithm: Named })[] {
  needSecret(config);
  refusePublicKey(config);
  refuseUnknownParams(config, params);
  return config.secrets.map((secret, secretIndex) => ({
    algorithm,
    ...secretKey(secret, key, `secrets[${secretIndex}]`, config.provider.secretBytesMin),
    secretIndex,
  }));
}
