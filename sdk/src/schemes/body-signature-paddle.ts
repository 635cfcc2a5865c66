// Paddle Classic: RSA-SHA1 in the form field `p_signature`, over all other fields as PHP would serialise them, sorted by name.
// Source: https://developer.paddle.com/webhook-reference/verifying-webhooks and the format of PHP's serialize().
import { refuseUnknownParams, type SchemeConfig } from "../config.ts";
import { decode, utf8 } from "../encoding.ts";
import { formFields } from "../form.ts";
import type { CompiledScheme, Plan } from "../plan.ts";
import type { WebhookRequest } from "../request.ts";
import { failure, type VerifyFailure } from "../result.ts";
import { asymmetricKeys, fitsAlgorithm } from "./asymmetric-keys.ts";

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
