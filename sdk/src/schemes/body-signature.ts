// Signatures inside the body, over some of its fields: Adyen, Mailgun, and the layouts with a file of their own.
//
// Only the named fields are authentic. The rest of the body may have been changed by whoever saw one signed request.
import { type SchemeConfig } from "../config.ts";
import { decode } from "../encoding.ts";
import { isRecord, jsonObject, valueAt } from "../json.ts";
import { limits } from "../limits.ts";
import { type CompiledScheme, digestBytes, type Plan, type Signed } from "../plan.ts";
import type { BodySignatureScheme } from "../provider.ts";
import type { WebhookRequest } from "../request.ts";
import { failure, type VerifyFailure } from "../result.ts";
import { checkTimestamp, type TimestampCheck } from "../timestamp.ts";
import { compileBraintree } from "./body-signature-braintree.ts";
import { compileDropboxSign } from "./body-signature-dropbox-sign.ts";
import { compileMicrosoftGraph } from "./body-signature-microsoft-graph.ts";
import { compilePaddleClassic } from "./body-signature-paddle.ts";
import { compileSns } from "./body-signature-sns.ts";
import { secretKeys } from "./secret-keys.ts";

const mismatch = failure(
  "signature_mismatch",
  "The signature in the body does not match: the secret is another one, or a signed field was changed.",
);

/** Throws ConfigError for secrets and parameters that cannot work. */
export function compileBodySignature(config: SchemeConfig, scheme: BodySignatureScheme): CompiledScheme {
  switch (scheme.layout) {
    case "adyen":
      return { keys: secretKeys(config, "hmac-sha256", { key: scheme.key }), unsigned: false, mismatch, read: readAdyen };
    case "mailgun":
      return compileMailgun(config, scheme);
    case "aws-sns":
      return compileSns(config, scheme);
    case "braintree":
      return compileBraintree(config);
    case "dropbox-sign":
      return compileDropboxSign(config);
    case "microsoft-graph":
      return compileMicrosoftGraph(config);
    case "paddle-classic":
      return compilePaddleClassic(config);
  }
}

function signed(signature: unknown, enc: "hex" | "base64", content: string): Signed | VerifyFailure {
  if (signature === undefined) return failure("missing_header", "The body holds no signature.");
  const bytes = typeof signature === "string" ? decode(enc, signature) : undefined;
  if (bytes?.length !== digestBytes["hmac-sha256"])
    return failure("malformed_signature", `The signature in the body is not ${enc} of the full length.`);
  return { content: [content], candidates: [{ algorithm: "hmac-sha256", bytes }] };
}

const noJson = failure("malformed_request", "The body is not the JSON this provider sends.");

// Every item carries its own signature, and all must match: one signed item must not vouch for another.
function readAdyen(request: WebhookRequest): Plan | VerifyFailure {
  const items = valueAt(jsonObject(request.body), ["notificationItems"]);
  if (!Array.isArray(items) || items.length === 0 || items.length > limits.signedItemsMax) return noJson;
  const all: Signed[] = [];
  for (const each of items as readonly unknown[]) {
    const item = valueAt(each, ["NotificationRequestItem"]);
    const content = adyenContent(item);
    if (content === undefined) return noJson;
    const one = signed(valueAt(item, ["additionalData", "hmacSignature"]), "base64", content);
    if ("ok" in one) return one;
    all.push(one);
  }
  const [first, ...also] = all;
  return first === undefined ? noJson : { ok: true, ...first, also };
}

const ADYEN_FIELDS = [
  ["pspReference"],
  ["originalReference"],
  ["merchantAccountCode"],
  ["merchantReference"],
  ["amount", "value"],
  ["amount", "currency"],
  ["eventCode"],
  ["success"],
] as const;

// Nothing is escaped, as in Adyen's own libraries. An absent field is an empty text; other values are not signed values.
/** Undefined for an item with a signed field that is no short value. */
export function adyenContent(item: unknown): string | undefined {
  const fields: string[] = [];
  for (const path of ADYEN_FIELDS) {
    const value = valueAt(item, path) ?? "";
    if (typeof value !== "string" && typeof value !== "boolean" && typeof value !== "number") return undefined;
    if (typeof value === "number" && !Number.isSafeInteger(value)) return undefined;
    fields.push(String(value));
  }
  return isRecord(item) ? fields.join(":") : undefined;
}

// `{timestamp}{token}` has no separator, so both lengths are fixed: otherwise a digit could move from one to the other.
const MAILGUN_TIMESTAMP = /^\d{10}$/;

function compileMailgun(config: SchemeConfig, scheme: BodySignatureScheme): CompiledScheme {
  const keys = secretKeys(config, "hmac-sha256", { key: scheme.key });
  const check: TimestampCheck = { unit: "s", toleranceSeconds: config.toleranceSeconds, future: true };

  function read(request: WebhookRequest, nowMs: number): Plan | VerifyFailure {
    const body = jsonObject(request.body);
    if (body === undefined) return noJson;
    const [timestamp, token] = [valueAt(body, ["signature", "timestamp"]), valueAt(body, ["signature", "token"])];
    const signature = valueAt(body, ["signature", "signature"]);
    if (signature !== undefined && (typeof timestamp !== "string" || !MAILGUN_TIMESTAMP.test(timestamp)))
      return failure("malformed_timestamp", "The timestamp in the body is not ten digits of Unix seconds.");
    if (typeof timestamp !== "string" || typeof token !== "string" || token === "")
      return failure("missing_header", "The body holds no signature with timestamp and token.");
    const one = signed(signature, "hex", `${timestamp}${token}`);
    if ("ok" in one) return one;
    return checkTimestamp(timestamp, check, nowMs) ?? { ok: true, ...one };
  }

  return { keys, unsigned: false, mismatch, read };
}
