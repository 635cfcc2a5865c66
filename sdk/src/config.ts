// The options shared by every scheme, checked once when a verifier or signer is made.
import { decode, decodeBase64Secret, utf8 } from "./encoding.ts";
import { limits } from "./limits.ts";
import type { SigningKey } from "./plan.ts";
import { handshakeParams, type KeyEncoding, type Params, type Provider } from "./provider.ts";
import { findProvider } from "./provider-names.ts";
import { ConfigError } from "./result.ts";

export interface SchemeConfig {
  readonly provider: Provider;
  readonly secrets: readonly string[];
  readonly publicKeys: readonly string[];
  readonly params: Params;
  readonly toleranceSeconds: number | undefined;
  /** true: the vendor's keys come with each request's keyring. */
  readonly keysLater: boolean;
}

export interface RawConfig {
  readonly provider: string | Provider;
  readonly secrets?: readonly string[] | undefined;
  readonly publicKey?: string | readonly string[] | undefined;
  readonly params?: Params | undefined;
  readonly toleranceSeconds?: number | undefined;
  readonly keysLater?: boolean | undefined;
}

/** Throws ConfigError for an unknown provider and for values of the wrong type or out of bounds. */
export function resolveConfig(raw: RawConfig): SchemeConfig {
  const { params = {}, toleranceSeconds } = raw;
  if (typeof params !== "object" || params === null) throw new ConfigError("params", "must be an object");
  for (const [name, value] of Object.entries(params)) {
    if (!["string", "number", "boolean"].includes(typeof value))
      throw new ConfigError(`params.${name}`, "must be a string, number or boolean");
  }
  if (toleranceSeconds !== undefined && !(Number.isFinite(toleranceSeconds) && toleranceSeconds >= 0)) {
    throw new ConfigError("toleranceSeconds", "must be a number of seconds, 0 or more");
  }
  return {
    provider: typeof raw.provider === "string" ? knownProvider(raw.provider) : givenProvider(raw.provider),
    secrets: texts(raw.secrets ?? [], "secrets"),
    publicKeys: texts(typeof raw.publicKey === "string" ? [raw.publicKey] : (raw.publicKey ?? []), "publicKey"),
    params,
    toleranceSeconds,
    keysLater: raw.keysLater === true,
  };
}

function knownProvider(id: string): Provider {
  const provider = findProvider(id);
  if (provider === undefined) throw new ConfigError("provider", `"${id}" is not a provider this version knows`);
  return provider;
}

function givenProvider(provider: Provider): Provider {
  if (typeof provider !== "object" || provider === null || typeof provider.scheme !== "object") {
    throw new ConfigError("provider", "must be the id of a provider or a provider record");
  }
  return provider;
}

function texts(values: readonly string[], path: string): readonly string[] {
  if (!Array.isArray(values)) throw new ConfigError(path, "must be a list of strings");
  if (values.length > limits.secretsMax)
    throw new ConfigError(path, `has ${values.length} entries; at most ${limits.secretsMax} are tried`);
  for (const [index, value] of values.entries()) {
    if (typeof value !== "string") throw new ConfigError(`${path}[${index}]`, "must be a string");
    if (value === "") throw new ConfigError(`${path}[${index}]`, "is empty");
    if (value.length > limits.secretCharsMax)
      throw new ConfigError(`${path}[${index}]`, `is longer than ${limits.secretCharsMax} characters`);
  }
  return [...values];
}

/** Throws ConfigError when there is no secret at all. */
export function needSecret(config: SchemeConfig): void {
  if (config.secrets.length === 0 && config.publicKeys.length === 0)
    throw new ConfigError("secrets", `is empty: ${config.provider.name} needs a secret`);
}

/** Throws ConfigError when a public key is given to a scheme that has none, rather than ignore it. */
export function refusePublicKey(config: SchemeConfig): void {
  if (config.publicKeys.length > 0)
    throw new ConfigError("publicKey", `${config.provider.name} signs with a shared secret, not with a key pair`);
}

/** Throws ConfigError for a parameter that nothing reads: a misspelt name must not be ignored. */
export function refuseUnknownParams(config: SchemeConfig, known: readonly string[]): void {
  const beside = [...handshakeParams(config.provider), ...keySourceParams(config.provider)];
  const names = [...known, ...beside.filter((name) => !known.includes(name))];
  for (const name of Object.keys(config.params)) {
    if (names.includes(name)) continue;
    const hint = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
    throw new ConfigError(`params.${name}`, `is not a parameter of ${config.provider.name}; ${hint}`);
  }
}

type SecretKey = Pick<SigningKey, "bytes" | "digest" | "path">;

/** A secret as an HMAC key. Throws ConfigError like `secretBytes`. */
export function secretKey(secret: string, key: KeyEncoding, path: string, bytesMin?: number): SecretKey {
  return { bytes: secretBytes(secret, key, path, bytesMin), digest: key === "sha1-utf8" ? "sha1" : undefined, path };
}

/** The bytes of a secret. Throws ConfigError when it cannot be decoded or is too short to be a secret. */
export function secretBytes(secret: string, key: KeyEncoding, path: string, bytesMin: number = limits.secretBytesMin): Uint8Array {
  const bytes = decodeSecret(secret, key);
  if (bytes === undefined)
    throw new ConfigError(path, `is not valid ${key === "hex" ? "hex" : "base64"}${key.startsWith("whsec") ? ' after "whsec_"' : ""}`);
  const least = key === "whsec" ? limits.standardSecretBytesMin : bytesMin;
  if (bytes.length < least) throw new ConfigError(path, `is too short: ${bytes.length} bytes, at least ${least} are needed`);
  return bytes;
}

function decodeSecret(secret: string, key: KeyEncoding): Uint8Array | undefined {
  switch (key) {
    case "utf8":
    case "sha1-utf8":
      return utf8(secret);
    case "nfkd":
      return utf8(secret.normalize("NFKD"));
    case "hex":
      return decode("hex", secret);
    case "base64":
      return decodeBase64Secret(secret);
    case "whsec-or-utf8":
      return secret.startsWith("whsec_") ? decodeBase64Secret(secret.slice("whsec_".length)) : utf8(secret);
    case "whsec":
      // Supabase writes the version of the signature before the prefix. No base64 holds a comma, so nothing else is meant.
      return decodeBase64Secret(secret.replace(/^(?:v1,)?whsec_/, ""));
  }
}

/** The parameters that say with which account the vendor is asked for its keys. */
function keySourceParams({ keySource }: Provider): string[] {
  return keySource?.kind === "jwk-by-id" ? ["environment", ...Object.values(keySource.paramFields)] : [];
}
