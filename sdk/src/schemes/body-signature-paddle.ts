// Paddle Classic: RSA-SHA1 in the form field `p_signature`, over all other fields as PHP would serialise them, sorted by name.
// Source: https://developer.paddle.com/webhook-reference/verifying-webhooks and the format of PHP's serialize().
import { refuseUnknownParams, type SchemeConfig } from "../config.ts";
import { decode, utf8, utf8Text } from "../encoding.ts";
import { formFields, formOf } from "../form.ts";
import { jsonObject } from "../json.ts";
import type { CompiledScheme, CompiledSigner, Plan, PreparedSignature, SignRequest } from "../plan.ts";
import type { WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { asymmetricKeys, fitsAlgorithm, signingKey } from "./asymmetric-keys.ts";

const FIELD = "p_signature";

const mismatch = failure(
  "signature_mismatch",
  "The signature in the body does not match: the public key is another one, or a field was changed.",
);

/** Throws ConfigError for a key that is no RSA public key. */
export function compilePaddleClassic(config: SchemeConfig): CompiledScheme {
  refuseUnknownParams(config, []);
  const keys = asymmetricKeys(config, ["rsa-sha1"]);

  function read(request: WebhookRequest): Plan | VerifyFailure {
    const fields = formFields(request.body);
    if (fields === undefined) return failure("malformed_request", "The body is not the form that Paddle sends.");
    const names = new Set(fields.map(([name]) => name));
    // PHP keeps the last of two equal names, and another reader may keep the first.
    if (names.size !== fields.length) return failure("malformed_request", "The form of the request holds a field twice.");
    const signature = fields.find(([name]) => name === FIELD)?.[1];
    if (signature === undefined) return failure("missing_header", `The form of the request holds no ${FIELD}.`);
    const bytes = decode("base64", signature);
    if (bytes === undefined || !fitsAlgorithm("rsa-sha1", bytes.length))
      return failure("malformed_signature", `The field ${FIELD} is not base64 of the full length.`);
    const content = serialised(fields.filter(([name]) => name !== FIELD));
    return { ok: true, content: [content], candidates: [{ algorithm: "rsa-sha1", bytes }] };
  }

  return { keys, unsigned: false, mismatch, read };
}

function serialised(fields: readonly (readonly [string, string])[]): string {
  const sorted = fields.toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `a:${sorted.length}:{${sorted.map(([name, value]) => text(name) + text(value)).join("")}}`;
}

// Lengths are bytes of UTF-8, not characters.
function text(value: string): string {
  return `s:${utf8(value).length}:"${value}";`;
}

/** Signs with the first secret, a private key. Throws ConfigError for another key and for unknown parameters. */
export function compilePaddleClassicSigner(config: SchemeConfig): CompiledSigner {
  refuseUnknownParams(config, []);
  return { keys: [signingKey(config, "rsa-sha1")], encoding: "base64", prepare };
}

function prepare({ body }: SignRequest): PreparedSignature {
  // The other fields stay in the escapes in which they were given; an older signature goes.
  const pairs = (utf8Text(body) ?? "").split("&").filter((pair) => pair !== "" && formFields(pair)?.[0]?.[0] !== FIELD);
  const fields = formFields(pairs.join("&")) ?? [];
  const names = new Set(fields.map(([name]) => name));
  if (fields.length === 0 || names.size !== fields.length || jsonObject(body) !== undefined)
    throw new ConfigError("body", "must be a form with at least one field, and none twice: the signature is added to it");
  return {
    content: [serialised(fields)],
    finish: ([signature = ""]) => ({ headers: [], body: [...pairs, formOf({ [FIELD]: signature })].join("&") }),
  };
}
