// Dropbox Sign: `event_hash` in the JSON of a form field is an HMAC of the event's time and type, made with the API key.
import { type SchemeConfig } from "../config.ts";
import { decode } from "../encoding.ts";
import { formOf, formType } from "../form.ts";
import { jsonObject, valueAt, withValueAt } from "../json.ts";
import { anyFormFields, withFormField } from "../multipart.ts";
import { type CompiledScheme, type CompiledSigner, digestBytes, type Plan, type PreparedSignature, type SignRequest } from "../plan.ts";
import type { WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { checkTimestamp, formatTimestamp, type TimestampCheck } from "../timestamp.ts";
import { secretKeys } from "./secret-keys.ts";

const mismatch = failure("signature_mismatch", "The event_hash does not match: the API key is another one, or time or type were changed.");
const noEvent = failure("malformed_request", "The body is no form whose field json holds an event.");

// Time and type are signed without a separator: the digits end where the letters begin.
const TIME = /^\d{10}$/;
const TYPE = /^[a-z][a-z_]{0,127}$/;

/** Throws ConfigError for secrets that are too short. */
export function compileDropboxSign(config: SchemeConfig): CompiledScheme {
  const keys = secretKeys(config, "hmac-sha256");
  const check: TimestampCheck = { unit: "s", toleranceSeconds: config.toleranceSeconds, future: true };

  function read(request: WebhookRequest, nowMs: number): Plan | VerifyFailure {
    const [json, ...others] = jsonFields(request.body);
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

function jsonFields(body: Uint8Array | string): string[] {
  return (anyFormFields(body) ?? []).flatMap(([name, value]) => (name === "json" ? [value] : []));
}

/** Signs with the first secret: writes hash and time into the event. Throws ConfigError like `compileDropboxSign`. */
export function compileDropboxSignSigner(config: SchemeConfig): CompiledSigner {
  return { keys: secretKeys(config, "hmac-sha256").slice(0, 1), encoding: "hex", prepare };
}

function prepare({ body, timestampMs }: SignRequest): PreparedSignature {
  // The JSON by itself is taken as well, and becomes a form.
  const bare = jsonObject(body);
  const [field = "", ...others] = bare === undefined ? jsonFields(body) : [];
  const root = bare ?? jsonObject(field);
  const type = valueAt(root, ["event", "event_type"]);
  if (root === undefined || others.length > 0 || typeof type !== "string" || !TYPE.test(type))
    throw new ConfigError("body", "must be a form whose field json holds an event with its event_type, or that JSON");
  const time = formatTimestamp(timestampMs, "s").padStart(10, "0");
  return {
    content: [`${time}${type}`],
    finish([hash = ""]) {
      const json = JSON.stringify(withValueAt(withValueAt(root, ["event", "event_time"], time), ["event", "event_hash"], hash));
      if (bare !== undefined) return { headers: [formType()], body: formOf({ json }) };
      return { headers: [], body: withFormField(body, "json", json) ?? formOf({ json }) };
    },
  };
}
