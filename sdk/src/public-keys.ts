// Public keys as vendors hand them out (raw, SPKI, PEM, X.509 certificate, JWK, JWKS), read strictly and without Node.
//
// The kind of a key is told from the configured key alone, never from a request. A certificate gives its key only: who
// issued it and whether it has expired is for the code that fetches it.
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

const typeNames: Readonly<Record<PublicKeyType, string>> = { ed25519: "ed25519", p256: "P-256", rsa: "RSA" };

// AlgorithmIdentifiers in DER (RFC 8410, RFC 5480, RFC 3279); everything before the key itself is fixed.
const ED25519_SPKI = bytesOf("302a300506032b6570032100");
const P256_SPKI = bytesOf("3059301306072a8648ce3d020106082a8648ce3d03010703420004");
const RSA_ALGORITHM = bytesOf("300d06092a864886f70d0101010500");
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const EXPLICIT_VERSION = 0xa0;

/** Every key of the wanted type in `text`. Throws ConfigError when there is none, or when `text` is no public key. */
export function parsePublicKeys(text: string, type: PublicKeyType, path: string): PublicKey[] {
  const trimmed = text.trim();
  const found = trimmed.startsWith("{") ? keysOfJson(trimmed, path) : keysOfText(trimmed, path);
  const keys = found.filter((key) => key.type === type);
  if (keys.length === 0) throw new ConfigError(path, `is no ${typeNames[type]} public key`);
  return keys;
}

function keysOfText(text: string, path: string): PublicKey[] {
  if (text.includes("PRIVATE KEY-----")) throw new ConfigError(path, "is a private key; give the public key");
  const certificate = pemBytes(text, "CERTIFICATE");
  const bytes = certificate === undefined ? keyBytes(text) : spkiOfCertificate(certificate);
  const key = bytes && keyOfBytes(bytes);
  if (key === undefined) throw new ConfigError(path, "is not a public key: give hex, base64, PEM, an X.509 certificate or a JWK");
  return [key];
}

function keyBytes(text: string): Uint8Array | undefined {
  if (text.startsWith("-----")) return pemBytes(text, "PUBLIC KEY");
  return text.length === 64 ? (decode("hex", text) ?? decodeBase64Secret(text)) : decodeBase64Secret(text);
}

function pemBytes(text: string, label: string): Uint8Array | undefined {
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  if (!text.startsWith(begin)) return undefined;
  // Only the first block counts: a file with a chain starts with the certificate of the signer.
  const stop = text.indexOf(end);
  return stop < 0 ? undefined : decode("base64", text.slice(begin.length, stop).replaceAll(/[\r\n]/g, ""));
}

function keyOfBytes(bytes: Uint8Array): PublicKey | undefined {
  if (bytes.length === 32) return { type: "ed25519", bytes };
  if (bytes.length === ED25519_SPKI.length + 32 && startsWith(bytes, ED25519_SPKI))
    return { type: "ed25519", bytes: bytes.subarray(ED25519_SPKI.length) };
  if (bytes.length === P256_SPKI.length + 64 && startsWith(bytes, P256_SPKI)) return { type: "p256", bytes };
  return isRsaSpki(bytes) ? { type: "rsa", bytes } : undefined;
}

function isRsaSpki(bytes: Uint8Array): boolean {
  const [outer, ...more] = children(bytes, 0, bytes.length) ?? [];
  const [algorithm, key] = outer?.tag === SEQUENCE && more.length === 0 ? (children(bytes, outer.start, outer.end) ?? []) : [];
  if (algorithm === undefined || key?.tag !== BIT_STRING || bytes[key.start] !== 0) return false;
  if (!equal(bytes.subarray(algorithm.at, algorithm.end), RSA_ALGORITHM)) return false;
  const [pair] = children(bytes, key.start + 1, key.end) ?? [];
  const [modulus, exponent] = pair?.tag === SEQUENCE ? (children(bytes, pair.start, pair.end) ?? []) : [];
  if (modulus?.tag !== INTEGER || exponent?.tag !== INTEGER) return false;
  // A positive INTEGER may start with one zero byte; below 2048 bits a key can be forged with enough money.
  const length = modulus.end - modulus.start - (bytes[modulus.start] === 0 ? 1 : 0);
  return length >= limits.rsaBytesMin && length <= limits.rsaBytesMax;
}

interface Element {
  readonly tag: number;
  /** Where the element, its content, and what follows it begin. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/** The DER elements that fill `from` to `to` exactly, or undefined when they do not. */
function children(bytes: Uint8Array, from: number, to: number): Element[] | undefined {
  const elements: Element[] = [];
  for (let at = from; at < to;) {
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1] ?? 0x80;
    let start = at + 2;
    if (length >= 0x80) {
      const size = length - 0x80;
      if (size < 1 || size > 3) return undefined;
      length = 0;
      for (let index = 0; index < size; index++) length = length * 256 + (bytes[start + index] ?? 0);
      start += size;
    }
    if (start + length > to) return undefined;
    elements.push({ tag, at, start, end: start + length });
    at = start + length;
  }
  return elements;
}

// Certificate { tbs { [0] version?, serial, algorithm, issuer, validity, subject, subjectPublicKeyInfo, … }, … }
function spkiOfCertificate(bytes: Uint8Array): Uint8Array | undefined {
  const [certificate] = children(bytes, 0, bytes.length) ?? [];
  const [tbs] = certificate?.tag === SEQUENCE ? (children(bytes, certificate.start, certificate.end) ?? []) : [];
  const fields = tbs?.tag === SEQUENCE ? (children(bytes, tbs.start, tbs.end) ?? []) : [];
  const spki = fields[fields[0]?.tag === EXPLICIT_VERSION ? 6 : 5];
  return spki?.tag === SEQUENCE ? bytes.subarray(spki.at, spki.end) : undefined;
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
    const pair = element(SEQUENCE, integer(modulus), integer(exponent));
    return element(SEQUENCE, RSA_ALGORITHM, element(BIT_STRING, Uint8Array.of(0), pair));
  }
  if (kty === "OKP" && crv === "Ed25519") {
    const x = part("x");
    return x?.length === 32 ? x : undefined;
  }
  return undefined;
}

function integer(bytes: Uint8Array): Uint8Array {
  // The first bit of an INTEGER is its sign.
  return (bytes[0] ?? 0) >= 0x80 ? element(INTEGER, Uint8Array.of(0), bytes) : element(INTEGER, bytes);
}

function element(tag: number, ...contents: Uint8Array[]): Uint8Array {
  const content = concat(...contents);
  const { length } = content;
  if (length < 0x80) return concat(Uint8Array.of(tag, length), content);
  return length < 0x100
    ? concat(Uint8Array.of(tag, 0x81, length), content)
    : concat(Uint8Array.of(tag, 0x82, length >> 8, length & 255), content);
}

function concat(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function bytesOf(hex: string): Uint8Array {
  return decode("hex", hex) ?? new Uint8Array();
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return equal(bytes.subarray(0, prefix.length), prefix);
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
