// Hygraph: an HMAC over JSON that holds the body as a text, the name of the environment, and the time.
import type { SchemeConfig } from "../config.ts";
import { utf8Text } from "../encoding.ts";
import { type CompiledScheme, type CompiledSigner, digestBytes, type Plan, type PreparedSignature, type SignRequest } from "../plan.ts";
import type { CanonicalScheme } from "../provider.ts";
import { headerReader, type WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { onlyPair, parseSignatures, type SignatureFormat } from "../signature-header.ts";
import { checkTimestamp, formatTimestamp, type TimestampCheck } from "../timestamp.ts";
import { needHeader } from "./asymmetric.ts";
import { secretKeys } from "./secret-keys.ts";

const SIGNATURE = "gcms-signature";
/** What Hygraph calls the first environment of every project. */
const ENVIRONMENT = "master";

const format: SignatureFormat = {
  rule: { header: [SIGNATURE], parse: "kv", sigKey: "sign", tsKey: "t" },
  encoding: "base64",
  algorithm: "hmac-sha256",
  bytes: digestBytes["hmac-sha256"],
};

const mismatch = failure(
  "signature_mismatch",
  "The signature does not match: the secret is another one, or the body is not the exact bytes that were signed.",
);

/** Undefined for a body that is no plain UTF-8: there is no text of it to sign. */
function contentOf(body: Uint8Array | string, environment: string, timestamp: string): string | undefined {
  // A byte order mark is dropped by decoding: with and without it, a body would have one signature.
  const text = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? undefined : utf8Text(body);
  // The time is a number in this JSON, so the digits of the header stand in it as they are.
  return text === undefined
    ? undefined
    : `{"Body":${JSON.stringify(text)},"EnvironmentName":${JSON.stringify(environment)},"TimeStamp":${timestamp}}`;
}

export function compileHygraph(config: SchemeConfig, scheme: CanonicalScheme): CompiledScheme {
  const keys = secretKeys(config, "hmac-sha256");
  const reader = headerReader();
  const slot = reader.slot(SIGNATURE);
  const check: TimestampCheck = { unit: "ms", toleranceSeconds: config.toleranceSeconds ?? scheme.toleranceSeconds, future: true };

  function read({ headers, body }: WebhookRequest, nowMs: number): Plan | VerifyFailure {
    const signature = needHeader(reader.read(headers)[slot], SIGNATURE);
    if (typeof signature !== "string") return signature;
    const parsed = parseSignatures(signature, format);
    if (!parsed.ok) return parsed;
    const { candidates, timestamp } = parsed;
    if (timestamp === undefined) return failure("malformed_timestamp", `The header ${SIGNATURE} holds no t= timestamp.`);
    const environment = onlyPair(signature, "env");
    if (environment === undefined) return failure("malformed_signature", `The header ${SIGNATURE} does not hold one env= name.`);
    const stale = checkTimestamp(timestamp, check, nowMs);
    if (stale !== undefined) return stale;
    const content = contentOf(body, environment, timestamp);
    return content === undefined ? mismatch : { ok: true, content: [content], candidates };
  }

  return { keys, unsigned: false, mismatch, read };
}

/** Signs for the environment `master`. Throws ConfigError for a body that is no UTF-8. */
export function compileHygraphSigner(config: SchemeConfig): CompiledSigner {
  // The vendor's own verifier reads one signature.
  const keys = secretKeys(config, "hmac-sha256").slice(0, 1);

  function prepare({ body, timestampMs }: SignRequest): PreparedSignature {
    const timestamp = formatTimestamp(timestampMs, "ms");
    const content = contentOf(body, ENVIRONMENT, timestamp);
    if (content === undefined) throw new ConfigError("body", "must be UTF-8 without a byte order mark: it is signed as a text");
    return {
      content: [content],
      finish: ([signature = ""]) => ({ headers: [[SIGNATURE, `sign=${signature}, env=${ENVIRONMENT}, t=${timestamp}`]] }),
    };
  }

  return { keys, encoding: "base64", prepare };
}
