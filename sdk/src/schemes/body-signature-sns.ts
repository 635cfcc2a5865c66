// Amazon SNS: RSA over named fields of the body, with a certificate the body names; version 1 is SHA-1, 2 is SHA-256.
//
// Any AWS account can have SNS sign a message to any URL, so the signature alone says only that SNS sent it. The
// parameter `topicArn` says from which topic.
import { refuseUnknownParams, type SchemeConfig } from "../config.ts";
import { decode } from "../encoding.ts";
import { jsonObject, valueAt } from "../json.ts";
import type { CompiledScheme, CompiledSigner, Plan, PreparedSignature, SignRequest } from "../plan.ts";
import type { BodySignatureScheme } from "../provider.ts";
import type { WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { checkTimestamp, formatTimestamp, type TimestampCheck } from "../timestamp.ts";
import { checkCertUrl, signingCertUrl } from "./asymmetric-cert-url.ts";
import { asymmetricKeys, fitsAlgorithm, signingKey } from "./asymmetric-keys.ts";
import { textParam } from "./hmac-params.ts";

const mismatch = failure(
  "signature_mismatch",
  "The signature in the body does not match: the certificate is another one, or a field was changed.",
);
const noJson = failure("malformed_request", "The body is not the JSON that Amazon SNS sends.");

const algorithms: ReadonlyMap<unknown, "rsa-sha1" | "rsa-sha256"> = new Map([
  ["1", "rsa-sha1"],
  ["2", "rsa-sha256"],
]);

// In the order in which they are signed; Subject may be absent.
const NOTIFICATION = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const CONFIRMATION = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
const fieldsOfType: ReadonlyMap<unknown, readonly string[]> = new Map([
  ["Notification", NOTIFICATION],
  ["SubscriptionConfirmation", CONFIRMATION],
  // Amazon documents Token for both, although its JavaScript validator leaves it out here.
  ["UnsubscribeConfirmation", CONFIRMATION],
]);

export function compileSns(config: SchemeConfig, scheme: BodySignatureScheme): CompiledScheme {
  refuseUnknownParams(config, ["certUrl", "topicArn"]);
  const keys = asymmetricKeys(config, ["rsa-sha256", "rsa-sha1"]);
  const rule = scheme.certUrl ?? { hosts: [] };
  const [certUrl, topicArn] = [textParam(config.params, "certUrl"), textParam(config.params, "topicArn")];
  const check: TimestampCheck = { unit: "rfc3339", toleranceSeconds: config.toleranceSeconds, future: true };

  function read(request: WebhookRequest, nowMs: number): Plan | VerifyFailure {
    const body = jsonObject(request.body);
    if (body === undefined) return noJson;
    const text = (name: string): string => {
      const value = valueAt(body, [name]);
      return typeof value === "string" ? value : "";
    };
    if (text("Signature") === "") return failure("missing_header", "The body holds no Signature.");
    const untrusted = checkCertUrl(text("SigningCertURL"), rule, certUrl);
    if (untrusted !== undefined) return untrusted;
    const algorithm = algorithms.get(valueAt(body, ["SignatureVersion"]));
    if (algorithm === undefined) return failure("unknown_signature_version", "The SignatureVersion of the body is not 1 or 2.");
    const bytes = decode("base64", text("Signature"));
    if (bytes === undefined || !fitsAlgorithm(algorithm, bytes.length))
      return failure("malformed_signature", "The Signature of the body is not base64 of the full length.");
    const content = contentOf(body);
    if (content === undefined) return noJson;
    const failed = checkTimestamp(text("Timestamp"), check, nowMs);
    if (failed !== undefined) return failed;
    const after = (): VerifyFailure | undefined =>
      topicArn === undefined || topicArn === text("TopicArn")
        ? undefined
        : failure("claim_mismatch", "The message is of another topic than the configured one.");
    return { ok: true, content: [content], candidates: [{ algorithm, bytes }], after };
  }

  return { keys, unsigned: false, mismatch, read };
}

function contentOf(body: Readonly<Record<string, unknown>>): string | undefined {
  let content = "";
  for (const name of fieldsOfType.get(valueAt(body, ["Type"])) ?? []) {
    const value = valueAt(body, [name]);
    if (name === "Subject" && (value === undefined || value === null)) continue;
    // A line break in a short field could make one field look like two.
    if (typeof value !== "string" || (name !== "Message" && name !== "Subject" && value.includes("\n"))) return undefined;
    content += `${name}\n${value}\n`;
  }
  return content === "" ? undefined : content;
}

/**
 * Signs with the first secret, a private key, as version 2. Time and topic of the message become those of the signature,
 * and what Amazon SNS would add itself is added. Throws ConfigError for another key and for unknown parameters.
 */
export function compileSnsSigner(config: SchemeConfig, scheme: BodySignatureScheme): CompiledSigner {
  refuseUnknownParams(config, ["certUrl", "topicArn"]);
  const topicArn = textParam(config.params, "topicArn");
  const SigningCertURL = signingCertUrl(config.params, scheme.certUrl ?? { hosts: [] });

  function prepare({ body, id, timestampMs }: SignRequest): PreparedSignature {
    const given = jsonObject(body);
    if (given === undefined) throw new ConfigError("body", "must be a JSON object: the signature is written into it");
    const message = {
      Type: "Notification",
      ...(id === undefined ? {} : { MessageId: id }),
      ...given,
      ...(topicArn === undefined ? {} : { TopicArn: topicArn }),
      Timestamp: formatTimestamp(timestampMs, "rfc3339"),
      SignatureVersion: "2",
    };
    const content = contentOf(message);
    if (content === undefined)
      throw new ConfigError(
        "body",
        "must be a message of Amazon SNS: Type, MessageId, Message and TopicArn as texts, and what its type needs",
      );
    return {
      content: [content],
      finish: ([Signature = ""]) => ({ headers: [], body: JSON.stringify({ ...message, Signature, SigningCertURL }) }),
    };
  }

  return { keys: [signingKey(config, "rsa-sha256")], encoding: "base64", prepare };
}
