// Public keys as vendors hand them out (raw, SPKI, PEM, X.509 certificate, JWK, JWKS), read strictly and without Node.
//
// The kind of a key is told from the configured key alone, never from a request. Of a certificate only the key counts
// here; whether it is in force is looked at when it is fetched (keyring.ts).
import { parseCertificate, pemBytes } from "./certificate.ts";
import { bytesOf, children, concat, element, type Element, equalBytes, fieldsOf, integer, tags } from "./der.ts";
import { decode, decodeBase64Secret } from "./encoding.ts";
import { jsonObject, isRecord } from "./json.ts";
import { limits } from "./limits.ts";
import { ConfigError } from "./result.ts";

export type PublicKeyType = "ed25519" | "p256" | "rsa";

export interface PublicKey {
  readonly type: PublicKeyType;
  /** ed25519: the raw 32 bytes. Others: SPKI in DER. */
  readonly bytes: Uint8Array;
  /** The `kid` of a JWK. */
  readonly id?: string;
}

export const keyTypeNames: Readonly<Record<PublicKeyType, string>> = { ed25519: "ed25519", p256: "P-256", rsa: "RSA" };

// AlgorithmIdentifiers in DER (RFC 8410, RFC 5480, RFC 3279); everything before the key itself is fixed.
export const ED25519_SPKI = bytesOf("302a300506032b6570032100");
const P256_SPKI = bytesOf("3059301306072a8648ce3d020106082a8648ce3d03010703420004");
export const RSA_ALGORITHM = bytesOf("300d06092a864886f70d0101010500");

/** Every key of the wanted type in `text`. Throws ConfigError when there is none, or when `text` is no public key. */
export function parsePublicKeys(text: string, type: PublicKeyType, path: string): PublicKey[] {
  const trimmed = text.trim();
  const found = trimmed.startsWith("{") ? keysOfJson(trimmed, path) : keysOfText(trimmed, path);
  const keys = found.filter((key) => key.type === type);
  if (keys.length === 0) throw new ConfigError(path, `is no ${keyTypeNames[type]} public key`);
  return keys;
}

function keysOfText(text: string, path: string): PublicKey[] {
  if (text.includes("PRIVATE KEY-----")) throw new ConfigError(path, "is a private key; give the public key");
  const bytes = text.startsWith("-----BEGIN CERTIFICATE") ? parseCertificate(text)?.spki : keyBytes(text);
  const key = bytes && keyOfBytes(bytes);
  if (key === undefined) throw new ConfigError(path, "is not a public key: give hex, base64, PEM, an X.509 certificate or a JWK");
  return [key];
}

function keyBytes(text: string): Uint8Array | undefined {
  if (text.startsWith("-----")) return pemBytes(text, "PUBLIC KEY");
  if (text.startsWith("whpk_")) return decodeBase64Secret(text.slice("whpk_".length));
  return text.length === 64 ? (decode("hex", text) ?? decodeBase64Secret(text)) : decodeBase64Secret(text);
}

function keyOfBytes(bytes: Uint8Array): PublicKey | undefined {
  if (bytes.length === 32) return { type: "ed25519", bytes };
  if (bytes.length === ED25519_SPKI.length + 32 && equalBytes(bytes.subarray(0, ED25519_SPKI.length), ED25519_SPKI))
    return { type: "ed25519", bytes: bytes.subarray(ED25519_SPKI.length) };
  if (bytes.length === P256_SPKI.length + 64 && equalBytes(bytes.subarray(0, P256_SPKI.length), P256_SPKI)) return { type: "p256", bytes };
  return isRsaSpki(bytes) ? { type: "rsa", bytes } : undefined;
}

function isRsaSpki(bytes: Uint8Array): boolean {
  const [outer, ...more] = children(bytes, 0, bytes.length) ?? [];
  const [algorithm, key] = more.length === 0 ? fieldsOf(bytes, outer) : [];
  if (algorithm === undefined || key?.tag !== tags.bitString || bytes[key.start] !== 0) return false;
  if (!equalBytes(bytes.subarray(algorithm.at, algorithm.end), RSA_ALGORITHM)) return false;
  const [pair] = children(bytes, key.start + 1, key.end) ?? [];
  const [modulus, exponent] = fieldsOf(bytes, pair);
  if (modulus?.tag !== tags.integer || exponent?.tag !== tags.integer) return false;
  return isRsaModulus(bytes, modulus);
}

/** Whether the INTEGER has an accepted size: below 2048 bits a key can be forged with enough money. */
export function isRsaModulus(bytes: Uint8Array, { start, end }: Element): boolean {
  // A positive INTEGER may start with one zero byte.
  const length = end - start - (bytes[start] === 0 ? 1 : 0);
  return length >= limits.rsaBytesMin && length <= limits.rsaBytesMax;
}

function keysOfJson(text: string, path: string): PublicKey[] {
  const value = jsonObject(text);
  if (value === undefined) throw new ConfigError(path, "is not the JSON of a JWK or JWKS");
  const list: readonly unknown[] = Array.isArray(value["keys"]) ? value["keys"] : [value];
  if (list.length > limits.jwksKeysMax) throw new ConfigError(path, `has ${list.length} keys; at most ${limits.jwksKeysMax} are tried`);
  return list.flatMap((each) => (isRecord(each) ? keyOfJwk(each, path) : []));
}

function keyOfJwk(jwk: Readonly<Record<string, unknown>>, path: string): PublicKey[] {
  if (typeof jwk["d"] === "string" || jwk["kty"] === "oct") throw new ConfigError(path, "holds a private key; give the public key");
  // A key made for encryption must not verify signatures.
  if (jwk["use"] !== undefined && jwk["use"] !== "sig") return [];
  const bytes = bytesOfJwk(jwk);
  const key = bytes && keyOfBytes(bytes);
  if (key === undefined) return [];
  return [typeof jwk["kid"] === "string" ? { ...key, id: jwk["kid"] } : key];
}

// `alg`, where present, must be the algorithm we would use, because a JWK names the one use it was made for.
function bytesOfJwk(jwk: Readonly<Record<string, unknown>>): Uint8Array | undefined {
  const { kty, crv, alg } = jwk;
  const part = (name: string): Uint8Array | undefined => (typeof jwk[name] === "string" ? decode("base64url", jwk[name]) : undefined);
  if (kty === "EC" && crv === "P-256" && (alg ?? "ES256") === "ES256") {
    const [x, y] = [part("x"), part("y")];
    return x?.length === 32 && y?.length === 32 ? concat(P256_SPKI, x, y) : undefined;
  }
  if (kty === "RSA" && (alg ?? "RS256") === "RS256") {
    const [modulus, exponent] = [part("n"), part("e")];
    if (modulus === undefined || exponent === undefined) return undefined;
    const pair = element(tags.sequence, integer(modulus), integer(exponent));
    return element(tags.sequence, RSA_ALGORITHM, element(tags.bitString, Uint8Array.of(0), pair));
  }
  if (kty === "OKP" && crv === "Ed25519") {
    const x = part("x");
    return x?.length === 32 ? x : undefined;
  }
  return undefined;
}
