// Runs plans with node:crypto, synchronously. The only file, besides key generation, that needs Node.
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
} from "node:crypto";
import type { Encoding } from "./encoding.ts";
import {
  digestBytes,
  type CompiledScheme,
  type CompiledSigner,
  type Content,
  type Key,
  type Plan,
  type Signed,
  type SigningKey,
} from "./plan.ts";
import type { HmacAlgorithm } from "./provider.ts";
import { ConfigError, type VerifyResult } from "./result.ts";

/** Answers which key verified, or the failure. */
export type PlanRunner = (plan: Plan) => VerifyResult;

interface PreparedKey {
  readonly result: VerifyResult;
  matches(plan: Signed): boolean;
}

const hashNames: Readonly<Record<HmacAlgorithm, string>> = {
  "hmac-sha1": "sha1",
  "hmac-sha256": "sha256",
  "hmac-sha384": "sha384",
  "hmac-sha512": "sha512",
  "sha256-prefix": "sha256",
};

const macBuffers: Readonly<Record<HmacAlgorithm, Buffer>> = {
  "hmac-sha1": Buffer.alloc(digestBytes["hmac-sha1"]),
  "hmac-sha256": Buffer.alloc(digestBytes["hmac-sha256"]),
  "hmac-sha384": Buffer.alloc(digestBytes["hmac-sha384"]),
  "hmac-sha512": Buffer.alloc(digestBytes["hmac-sha512"]),
  "sha256-prefix": Buffer.alloc(digestBytes["sha256-prefix"]),
};

// A raw 32-byte ed25519 key becomes DER by a fixed prefix (RFC 8410); Node takes DER on every version.
const ED25519_SPKI = Buffer.from("302a300506032b6570032100", "hex");
const ED25519_PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** Makes the keys of a scheme ready once: createHmac with a KeyObject is five times faster than with raw bytes. */
export function nodeRunner(scheme: CompiledScheme): PlanRunner {
  const accepted: VerifyResult = { ok: true, secretIndex: undefined };
  if (scheme.unsigned) return () => accepted;
  const keys = scheme.keys.map(prepareKey);
  const { mismatch } = scheme;
  const match: PlanRunner = (plan) => {
    // Every key is tried even after a match, so that the time does not tell which secret is in use.
    let result: VerifyResult = mismatch;
    for (const key of keys) {
      if (matchesAll(key, plan) && !result.ok) result = key.result;
    }
    return result;
  };
  return (plan) => {
    let result = match(plan);
    if (!result.ok && plan.alternatives !== undefined) result = matchAlternatives(plan, plan.alternatives, match);
    if (!result.ok) return result;
    const { digests, after } = plan;
    if (digests !== undefined && !digests.every(({ content, sha256: expected }) => isDigestOf(content, expected))) return mismatch;
    return after?.() ?? result;
  };
}

function matchesAll(key: PreparedKey, plan: Plan): boolean {
  return key.matches(plan) && (plan.also === undefined || plan.also.every((each) => key.matches(each)));
}

function matchAlternatives(plan: Plan, alternatives: readonly Content[], match: PlanRunner): VerifyResult {
  let result = match({ ...plan, content: alternatives[0] ?? plan.content });
  for (const content of alternatives.slice(1)) {
    if (!result.ok) result = match({ ...plan, content });
  }
  return result;
}

function isDigestOf(content: Uint8Array | string, expected: Uint8Array): boolean {
  const digest = sha256(content);
  return digest.length === expected.length && timingSafeEqual(digest, expected);
}

function prepareKey(key: Key): PreparedKey {
  const result: VerifyResult = { ok: true, secretIndex: key.secretIndex };
  switch (key.algorithm) {
    case "equal": {
      const expected = sha256(key.bytes);
      return { result, matches: (plan) => equalsToken(expected, plan) };
    }
    case "ed25519": {
      const publicKey = createPublicKey({ key: Buffer.concat([ED25519_SPKI, key.bytes]), format: "der", type: "spki" });
      return { result, matches: (plan) => verifiesEd25519(publicKey, plan) };
    }
    case "ecdsa-p256-sha256":
    case "ecdsa-p256-sha256-raw":
    case "rsa-sha256":
    case "rsa-sha1": {
      const publicKey = spkiKey(key);
      return { result, matches: (plan) => verifiesSpki(publicKey, key, plan) };
    }
    case "sha256-prefix":
      return { result, matches: (plan) => verifiesPrefixed(key.bytes, plan) };
    default: {
      const { algorithm } = key;
      const hash = hashNames[algorithm];
      const secretKey = createSecretKey(key.bytes);
      return { result, matches: (plan) => verifiesHmac(hash, secretKey, algorithm, plan) };
    }
  }
}

function verifiesHmac(hash: string, key: KeyObject, algorithm: HmacAlgorithm, plan: Signed): boolean {
  const hmac = createHmac(hash, key);
  for (const chunk of plan.content) hmac.update(chunk);
  // digest() allocates memory outside the JavaScript heap, which costs 1 to 2.5 µs of a 4 to 6 µs verification. A
  // "binary" text holds the same bytes, one per character; the buffer lives only within this synchronous function.
  const mac = macBuffers[algorithm];
  const digest = hmac.digest("binary");
  for (let index = 0; index < mac.length; index++) mac[index] = digest.charCodeAt(index);
  let matched = false;
  for (const candidate of plan.candidates) {
    if (candidate.algorithm !== algorithm || candidate.bytes.length !== mac.length) continue;
    if (timingSafeEqual(candidate.bytes, mac)) matched = true;
  }
  return matched;
}

function verifiesPrefixed(secret: Uint8Array, plan: Signed): boolean {
  const digest = prefixedDigest(secret, plan.content);
  let matched = false;
  for (const candidate of plan.candidates) {
    if (candidate.algorithm === "sha256-prefix" && candidate.bytes.length === digest.length && timingSafeEqual(candidate.bytes, digest))
      matched = true;
  }
  return matched;
}

function prefixedDigest(secret: Uint8Array, content: Content): Buffer {
  const hash = createHash("sha256").update(secret);
  for (const chunk of content) hash.update(chunk);
  return hash.digest();
}

function verifiesEd25519(key: KeyObject, plan: Signed): boolean {
  let joined: Buffer | undefined;
  for (const candidate of plan.candidates) {
    if (candidate.algorithm !== "ed25519") continue;
    joined ??= join(plan.content);
    if (verify(null, joined, key, candidate.bytes)) return true;
  }
  return false;
}

// The shape of the key was checked when it was read; whether a point lies on its curve only cryptography knows.
function spkiKey(key: Key): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(key.bytes), format: "der", type: "spki" });
  } catch {
    throw new ConfigError(key.path ?? "publicKey", "is not a valid public key");
  }
}

function verifiesSpki(publicKey: KeyObject, key: Key, plan: Signed): boolean {
  const hash = key.algorithm === "rsa-sha1" ? "sha1" : "sha256";
  // RSA here is PKCS #1 v1.5 throughout: the padding of RS256, PayPal and Amazon SNS, and the default of Node.
  const input = key.algorithm === "ecdsa-p256-sha256-raw" ? { key: publicKey, dsaEncoding: "ieee-p1363" as const } : publicKey;
  let joined: Buffer | undefined;
  for (const candidate of plan.candidates) {
    if (candidate.algorithm !== key.algorithm) continue;
    if (candidate.keyId !== undefined && key.keyId !== undefined && candidate.keyId !== key.keyId) continue;
    joined ??= join(plan.content);
    if (verify(hash, joined, input, candidate.bytes)) return true;
  }
  return false;
}

// ed25519 hashes its message twice and has no streaming form, so here the content is copied.
function join(content: Content): Buffer {
  return Buffer.concat(content.map((chunk) => (typeof chunk === "string" ? Buffer.from(chunk) : chunk)));
}

// Digests have equal lengths whatever the token's length is, so the comparison tells nothing about it.
function equalsToken(expected: Buffer, plan: Signed): boolean {
  let matched = false;
  for (const candidate of plan.candidates) {
    if (candidate.algorithm === "equal" && timingSafeEqual(expected, sha256(candidate.bytes))) matched = true;
  }
  return matched;
}

export function sha256(bytes: Uint8Array | string): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/** Answers one signature per key, as text. Throws ConfigError for a private key whose halves do not fit. */
export function nodeSigner(signer: CompiledSigner): (content: Content) => string[] {
  const keys = signer.keys.map((key, index) => prepareSigningKey(key, index, signer.encoding));
  return (content) => keys.map((key) => key(content));
}

function prepareSigningKey(key: SigningKey, index: number, encoding: Encoding): (content: Content) => string {
  if (key.algorithm === "sha256-prefix") return (content) => prefixedDigest(key.bytes, content).toString(encoding);
  if (key.algorithm !== "ed25519") {
    const hash = hashNames[key.algorithm];
    const secretKey = createSecretKey(key.bytes);
    return (content) => {
      const hmac = createHmac(hash, secretKey);
      for (const chunk of content) hmac.update(chunk);
      return hmac.digest(encoding);
    };
  }
  const seed = key.bytes.subarray(0, 32);
  const privateKey = createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, seed]), format: "der", type: "pkcs8" });
  const derived = createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(ED25519_SPKI.length);
  if (!derived.equals(key.bytes.subarray(32)))
    throw new ConfigError(`secrets[${index}]`, "is no ed25519 key: its public half does not belong to its seed");
  return (content) => sign(null, join(content), privateKey).toString(encoding);
}
