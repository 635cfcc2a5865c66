// Standard Webhooks 1.0: `v1` HMAC-SHA256 and `v1a` ed25519 over `{id}.{timestamp}.{body}`, several in one header.
// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { needSecret, refuseUnknownParams, secretKey, type SchemeConfig } from "../config.ts";
import { decode, decodeBase64Secret } from "../encoding.ts";
import { limits } from "../limits.ts";
import {
  digestBytes,
  type Algorithm,
  type Candidate,
  type CompiledScheme,
  type CompiledSigner,
  type Key,
  type Plan,
  type PreparedSignature,
  type SigningKey,
  type SignRequest,
} from "../plan.ts";
import type { StandardWebhooksScheme } from "../provider.ts";
import { headerReader, type HeaderValues, type WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { itemEnd } from "../signature-header.ts";
import { checkTimestamp, formatTimestamp, type TimestampCheck } from "../timestamp.ts";
import { textParam } from "./hmac-params.ts";

/** The headers of one family, for example `svix-id`, `svix-timestamp`, `svix-signature`. */
interface Family {
  readonly prefix: string;
  readonly id: number;
  readonly timestamp: number;
  readonly signature: number;
}

// `headerPrefix` serves white-labelled senders: acme-id, acme-timestamp, acme-signature.
function headerPrefixes(config: SchemeConfig, scheme: StandardWebhooksScheme): readonly string[] {
  refuseUnknownParams(config, ["headerPrefix"]);
  const prefix = textParam(config.params, "headerPrefix");
  if (prefix === undefined) return scheme.headerPrefixes;
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/i.test(prefix)) throw new ConfigError("params.headerPrefix", `"${prefix}" cannot start a header name`);
  return [prefix.toLowerCase()];
}

/** Throws ConfigError for secrets that are no `whsec_` or `whpk_` key, and for public keys that are not 32 bytes. */
export function compileStandardWebhooks(config: SchemeConfig, scheme: StandardWebhooksScheme): CompiledScheme {
  const prefixes = headerPrefixes(config, scheme);
  needSecret(config);
  const keys = verificationKeys(config, scheme);
  const algorithms = new Set(keys.map((key) => key.algorithm));
  const reader = headerReader();
  const families = prefixes.map((prefix) => ({
    prefix,
    id: reader.slot(`${prefix}-id`),
    timestamp: reader.slot(`${prefix}-timestamp`),
    signature: reader.slot(`${prefix}-signature`),
  }));
  const check: TimestampCheck = { unit: "s", toleranceSeconds: config.toleranceSeconds ?? scheme.toleranceSeconds, future: true };

  function read(request: WebhookRequest, nowMs: number): Plan | VerifyFailure {
    const values = reader.read(request.headers);
    const family = pickFamily(values, families);
    if (family === undefined)
      return failure("missing_header", `The signature header ${prefixes.map((each) => `${each}-signature`).join(" or ")} is missing.`);
    const id = needHeader(values[family.id], `${family.prefix}-id`);
    if (typeof id !== "string") return id;
    const timestamp = needHeader(values[family.timestamp], `${family.prefix}-timestamp`);
    if (typeof timestamp !== "string") return timestamp;
    const signature = needHeader(values[family.signature], `${family.prefix}-signature`);
    if (typeof signature !== "string") return signature;
    const candidates = readSignatures(signature, algorithms);
    if ("ok" in candidates) return candidates;
    const failed = checkTimestamp(timestamp, check, nowMs);
    if (failed !== undefined) return failed;
    return { ok: true, content: [`${id}.${timestamp}.`, request.body], candidates };
  }

  return { keys, unsigned: false, mismatch, read };
}

const mismatch = failure(
  "signature_mismatch",
  "No signature matches: the secret is another one, or the id, timestamp or body is not what was signed.",
);

// The first family with a signature counts alone: parts of two families are never mixed.
function pickFamily(values: HeaderValues, families: readonly Family[]): Family | undefined {
  for (const family of families) {
    if (values[family.signature] !== undefined) return family;
  }
  return undefined;
}

function needHeader(value: string | null | undefined, name: string): string | VerifyFailure {
  if (value === undefined || value === "") return failure("missing_header", `The header ${name} is missing.`);
  if (value === null) return failure("duplicate_header", `The header ${name} is present more than once.`);
  return value;
}

function readSignatures(header: string, algorithms: ReadonlySet<Algorithm>): Candidate[] | VerifyFailure {
  const candidates: Candidate[] = [];
  let known = 0;
  for (let from = 0, end = 0; from <= header.length; from = end + 1) {
    end = itemEnd(header, " ", from);
    const comma = header.indexOf(",", from);
    if (comma < 0 || comma >= end) continue;
    // A runtime joins a repeated header with ", ", and then an item ends with a second comma, which no signature does.
    if (header.charCodeAt(end - 1) === 0x2c && comma !== end - 1)
      return failure("duplicate_header", "The signature header is present more than once.");
    const algorithm = versionAt(header, from, comma);
    if (algorithm === undefined || !algorithms.has(algorithm) || ++known > limits.signaturesMax) continue;
    const bytes = decode("base64", header, comma + 1, end);
    if (bytes !== undefined && bytes.length === digestBytes[algorithm]) candidates.push({ algorithm, bytes });
  }
  if (candidates.length > 0) return candidates;
  if (known > 0) return failure("malformed_signature", 'The signature is not "v1,", or "v1a,", and base64 of the full length.');
  const wanted = [...algorithms].map((algorithm) =>
    algorithm === "ed25519" ? "v1a (a public key is configured)" : "v1 (a secret is configured)",
  );
  return failure("unknown_signature_version", `The signature header holds no signature of version ${wanted.join(" or ")}.`);
}

function versionAt(header: string, from: number, comma: number): "hmac-sha256" | "ed25519" | undefined {
  if (comma === from + 2 && header.startsWith("v1", from)) return "hmac-sha256";
  if (comma === from + 3 && header.startsWith("v1a", from)) return "ed25519";
  return undefined;
}

function verificationKeys(config: SchemeConfig, scheme: StandardWebhooksScheme): Key[] {
  const keys = config.secrets.map((secret, secretIndex): Key => {
    const path = `secrets[${secretIndex}]`;
    if (secret.startsWith("whsk_")) throw new ConfigError(path, "is a private signing key; to verify, give the public key whpk_…");
    if (secret.startsWith("whpk_")) return { algorithm: "ed25519", bytes: publicKeyBytes(secret, path), secretIndex };
    return { algorithm: "hmac-sha256", ...secretKey(secret, scheme.key, path), secretIndex };
  });
  for (const publicKey of config.publicKeys) {
    if (publicKey.startsWith("whsec_")) throw new ConfigError("publicKey", "is a shared secret; give it as a secret");
    keys.push({ algorithm: "ed25519", bytes: publicKeyBytes(publicKey, "publicKey"), secretIndex: undefined });
  }
  return keys;
}

function publicKeyBytes(text: string, path: string): Uint8Array {
  const bytes = decodeBase64Secret(text.startsWith("whpk_") ? text.slice("whpk_".length) : text);
  if (bytes === undefined || bytes.length !== 32) throw new ConfigError(path, "is not whpk_ and base64 of a 32-byte ed25519 public key");
  return bytes;
}

/** Signs with every secret: `whsec_` gives a v1 signature, `whsk_` a v1a. Throws ConfigError for anything else. */
export function compileStandardWebhooksSigner(config: SchemeConfig, scheme: StandardWebhooksScheme): CompiledSigner {
  const [prefix = "webhook"] = headerPrefixes(config, scheme);
  needSecret(config);
  const keys = config.secrets.map((secret, index) => signingKey(secret, scheme, `secrets[${index}]`));
  if (keys.length === 0) throw new ConfigError("secrets", "is empty: a public key cannot sign");
  const labels = keys.map((key) => (key.algorithm === "ed25519" ? "v1a," : "v1,"));
  const [idHeader, timestampHeader, signatureHeader] = [`${prefix}-id`, `${prefix}-timestamp`, `${prefix}-signature`];

  function prepare(request: SignRequest): PreparedSignature {
    const id = messageId(request.id);
    const timestamp = formatTimestamp(request.timestampMs, "s");
    return {
      content: [`${id}.${timestamp}.`, request.body],
      finish(signatures) {
        let value = "";
        for (const [index, signature] of signatures.entries()) value += `${index === 0 ? "" : " "}${labels[index]}${signature}`;
        return {
          headers: [
            [idHeader, id],
            [timestampHeader, timestamp],
            [signatureHeader, value],
          ],
        };
      },
    };
  }

  return { keys, encoding: "base64", carriesId: true, prepare };
}

// A dot would let `a.1` + `2` sign the same bytes as `a` + `1.2`; other characters would break the header.
const MESSAGE_ID = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;

function messageId(id: string | undefined): string {
  if (id === undefined) throw new ConfigError("id", "is needed: it is part of what is signed");
  if (!MESSAGE_ID.test(id)) throw new ConfigError("id", "must be 1 to 256 printable ASCII characters without space or dot");
  return id;
}

function signingKey(secret: string, scheme: StandardWebhooksScheme, path: string): SigningKey {
  if (secret.startsWith("whpk_")) throw new ConfigError(path, "is a public key; to sign, give the private key whsk_…");
  if (!secret.startsWith("whsk_")) return { algorithm: "hmac-sha256", ...secretKey(secret, scheme.key, path) };
  const bytes = decodeBase64Secret(secret.slice("whsk_".length));
  if (bytes === undefined || bytes.length !== 64)
    throw new ConfigError(path, "is not whsk_ and base64 of a 32-byte seed and its 32-byte public key");
  return { algorithm: "ed25519", bytes: bytes.subarray(0, 32), publicBytes: bytes.subarray(32), path };
}
