// Dropbox Sign: `event_hash` in the JSON of a form field is an HMAC of the event's time and type, made with the API key.
import { needSecret, refusePublicKey, refuseUnknownParams, secretBytes, type SchemeConfig } from "../config.ts";
import { decode } from "../encoding.ts";
import { jsonObject, valueAt } from "../json.ts";
import { anyFormFields } from "../multipart.ts";
import { type CompiledScheme, digestBytes, type Plan } from "../plan.ts";
import type { WebhookRequest } from "../request.ts";
import { failure, type VerifyFailure } from "../result.ts";
import { checkTimestamp, type TimestampCheck } from "../timestamp.ts";

const mismatch = failure("signature_mismatch", "The event_hash does not match: the API key is another one, or time or type were changed.");
const noEvent = failure("malformed_request", "The body is no form whose field json holds an event.");

// Time and type are signed without a separator: the digits end where the letters begin.
const TIME = /^\d{10}$/;
const TYPE = /^[a-z][a-z_]{0,127}$/;

export function compileDropboxSign(config: SchemeConfig): CompiledScheme {
  needSecret(config);
  refusePublicKey(config);
  refuseUnknownParams(config, []);
  const keys = config.secrets.map((secret, secretIndex) => ({
    algorithm: "hmac-sha256" as const,
    bytes: secretBytes(secret, "utf8", `secrets[${secretIndex}]`),
    secretIndex,
  }));
  const check: TimestampCheck = { unit: "s", toleranceSeconds: config.toleranceSeconds, future: true };

  function read(request: WebhookRequest, nowMs: number): Plan | VerifyFailure {
    const [json, ...others] = (anyFormFields(request.body) ?? []).flatMap(([name, value]) => (name === "json" ? [value] : []));
    if (json === undefined) return noEvent;
    if (others.length > 0) return failure("duplicate_header", "The form has the field json more than once.");
    const event = valueAt(jsonObject(json), ["event"]);
    const [time, type, hash] = ["event_time", "event_type", "event_hash"].map((name) => valueAt(event, [name]));
    if (hash === undefined) return failure("missing_header", "The event has no event_hash.");
    if (typeof time !== "string" || typeof type !== "string" || !TYPE.test(type)) return noEvent;
    if (!TIME.test(time)) return failure("malformed_timestamp", "The event_time is not ten digits of Unix seconds.");
    const bytes = typeof hash === "string" ? decode("hex", hash) : undefined;
    if (bytes?.length !== digestBytes["hmac-sha256"])
      return failure("malformed_signature", "The event_hash is not hex of the full length.");
    const stale = checkTimestamp(time, check, nowMs);
    return stale ?? { ok: true, content: [`${time}${type}`], candidates: [{ algorithm: "hmac-sha256", bytes }] };
  }

  return { keys, unsigned: false, mismatch, read };
}
