// Microsoft Graph: every notification of a body must repeat the clientState that was given with the subscription.
import { type SchemeConfig } from "../config.ts";
import { utf8 } from "../encoding.ts";
import { isRecord, jsonObject, valueAt } from "../json.ts";
import { limits } from "../limits.ts";
import type { CompiledScheme, CompiledSigner, Plan, PreparedSignature, Signed, SignRequest } from "../plan.ts";
import type { WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { secretKeys } from "./secret-keys.ts";

const mismatch = failure("wrong_token", "The clientState of a notification is not the configured one.");

/** Throws ConfigError for secrets that are too short. */
export function compileMicrosoftGraph(config: SchemeConfig): CompiledScheme {
  return { keys: secretKeys(config, "equal"), unsigned: false, mismatch, read };
}

function read(request: WebhookRequest): Plan | VerifyFailure {
  const items = valueAt(jsonObject(request.body), ["value"]);
  if (!Array.isArray(items) || items.length === 0)
    return failure("malformed_request", "The body is not the list of notifications that Microsoft Graph sends.");
  // Equal ones are compared once: a body of honest notifications has one.
  const states = new Set((items as readonly unknown[]).map((item) => valueAt(item, ["clientState"])));
  const all: Signed[] = [];
  for (const state of states) {
    if (typeof state !== "string") return failure("missing_header", "A notification has no clientState: give one with the subscription.");
    all.push({ content: [], candidates: [{ algorithm: "equal", bytes: utf8(state) }] });
  }
  const [first, ...also] = all;
  return first === undefined || also.length > limits.signedItemsMax ? mismatch : { ok: true, ...first, also };
}

/** Writes the first secret into every notification. Throws ConfigError like `compileMicrosoftGraph`. */
export function compileMicrosoftGraphSigner(config: SchemeConfig): CompiledSigner {
  secretKeys(config, "equal");
  const [clientState = ""] = config.secrets;

  function prepare({ body }: SignRequest): PreparedSignature {
    const root = jsonObject(body);
    const items = valueAt(root, ["value"]);
    if (!Array.isArray(items) || items.length === 0 || !items.every(isRecord))
      throw new ConfigError("body", "must be JSON with a list of notifications as value");
    const signed = { ...root, value: items.map((item) => ({ ...item, clientState })) };
    return { content: [], finish: () => ({ headers: [], body: JSON.stringify(signed) }) };
  }

  return { keys: [], encoding: "hex", prepare };
}
