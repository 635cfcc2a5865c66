// The narrow waist between schemes and cryptography: a scheme turns a request into a plan, an executor runs it.
//
// Schemes are pure and synchronous. There are two executors, node-crypto.ts and web-crypto.ts, and one loop that decides
// for both (match.ts).
// Keys and candidates both carry their algorithm and only equal algorithms ever meet, so a public key can never be
// used as an HMAC secret and a v1 signature is never checked against an ed25519 key.
import { concat } from "./der.ts";
import { type Encoding, utf8 } from "./encoding.ts";
import type { AsymmetricAlgorithm, HmacAlgorithm } from "./provider.ts";
import type { WebhookRequest } from "./request.ts";
import type { VerifyFailure } from "./result.ts";

/** `equal` compares the secret itself, for shared tokens. */
export type Algorithm = HmacAlgorithm | AsymmetricAlgorithm | "equal";

export type KeyDigest = "sha1";

export interface Key {
  readonly algorithm: Algorithm;
  /** HMAC key, raw 32-byte ed25519 public key, SPKI in DER of other public keys, or the token. */
  readonly bytes: Uint8Array;
  /** The HMAC key is this digest of `bytes`; the executor makes it, because hashing may be asynchronous. */
  readonly digest?: KeyDigest | undefined;
  /** Position in the configured secrets; undefined for a key given as `publicKey`. */
  readonly secretIndex: number | undefined;
  /** The `kid` of a public key. */
  readonly keyId?: string | undefined;
  /** The option it comes from, for the error of a key that cannot be used. */
  readonly path?: string;
}

export interface Candidate {
  readonly algorithm: Algorithm;
  readonly bytes: Uint8Array;
  /** When both have one, only the key of this id is tried. */
  readonly keyId?: string | undefined;
}

/** Something that must be signed. */
export interface Signed {
  readonly content: Content;
  readonly candidates: readonly Candidate[];
}

/** Pieces whose concatenation is signed; a string is its UTF-8 bytes. The body is never copied. */
export type Content = readonly (string | Uint8Array)[];

/** The bytes of a content, copied: for signatures that have no streaming form. */
export function joined(content: Content): Uint8Array<ArrayBuffer> {
  return concat(...content.map((chunk) => (typeof chunk === "string" ? utf8(chunk) : chunk)));
}

export interface Plan {
  readonly ok: true;
  readonly content: Content;
  /** At most `limits.signaturesMax`, each of the exact length of its algorithm. */
  readonly candidates: readonly Candidate[];
  /** Other contents the signature may cover instead, for senders that write one URL in several ways. */
  readonly alternatives?: readonly Content[];
  /** What else must have these SHA-256 digests, all of which stand inside the signed content. */
  readonly digests?: readonly { readonly content: string | Uint8Array; readonly sha256: Uint8Array }[];
  /** More that the same key must have signed, for bodies whose items are signed one by one. */
  readonly also?: readonly Signed[];
  /** Checks what stands inside the signed body; runs only when a key has matched. */
  readonly after?: () => VerifyFailure | undefined;
}

export interface CompiledScheme {
  readonly keys: readonly Key[];
  /** true: there is nothing to check. */
  readonly unsigned: boolean;
  /** The answer when no key fits any candidate. */
  readonly mismatch: VerifyFailure;
  read(request: WebhookRequest, nowMs: number): Plan | VerifyFailure;
}

/** A secret made ready for signing. */
export interface SigningKey {
  readonly algorithm: HmacAlgorithm | AsymmetricAlgorithm;
  /** HMAC key, 32-byte ed25519 seed, or PKCS #8 in DER of other private keys. */
  readonly bytes: Uint8Array;
  readonly digest?: KeyDigest | undefined;
  /** The 32-byte ed25519 public key that must belong to the seed, where the secret holds both. */
  readonly publicBytes?: Uint8Array | undefined;
  /** The option it comes from, for the error of a key that cannot be used. */
  readonly path: string;
}

export interface SignRequest {
  readonly id?: string;
  readonly type?: string;
  /** Unix time. Kept in milliseconds, because some schemes sign milliseconds. */
  readonly timestampMs: number;
  readonly method?: string;
  readonly url?: string;
  readonly headers?: WebhookRequest["headers"];
  readonly body: Uint8Array | string;
}

export interface SignedHeaders {
  /** Names in lower case, in a fixed order. `content-type` is among them where `body` is of another kind than what was given. */
  readonly headers: [name: string, value: string][];
  /** Where a token or a digest of the body belongs into the query: the given URL with it added. Send to this one. */
  readonly url?: string;
  /** Where the signature or its time belongs into the body: the given JSON or form with it added. Send this one. */
  readonly body?: string;
}

export interface CompiledSigner {
  readonly keys: readonly SigningKey[];
  /** How `finish` wants its signatures written. */
  readonly encoding: Encoding;
  /** true: the headers always hold the event id, so nobody else needs to add it. */
  readonly carriesId?: boolean;
  /** What `prepare` needs the SHA-256 of; absent for schemes that sign no hashes. */
  hashes?(request: SignRequest): readonly (string | Uint8Array)[];
  /** `digests` are those of `hashes`, in its order. Throws ConfigError for what is signed and absent. */
  prepare(request: SignRequest, digests: readonly Uint8Array[]): PreparedSignature;
}

export interface PreparedSignature {
  readonly content: Content;
  /** More to be signed with the same keys, for bodies whose items are signed one by one. */
  readonly also?: readonly Content[];
  /** Takes one signature per key, in the order of the keys, and as many for each of `also`. */
  finish(signatures: readonly string[], also: readonly (readonly string[])[]): SignedHeaders;
}

export const digestBytes: Readonly<Record<HmacAlgorithm | "ed25519", number>> = {
  "hmac-sha1": 20,
  "hmac-sha256": 32,
  "hmac-sha384": 48,
  "hmac-sha512": 64,
  "sha256-prefix": 32,
  ed25519: 64,
};
