// Braintree: `bt_signature` lists public keys with an HMAC-SHA1 of `bt_payload`, whose key is the raw SHA-1 of the private key.
import { type SchemeConfig } from "../config.ts";
import { decode, encode, utf8 } from "../encoding.ts";
import { formFields, formOf, formType } from "../form.ts";
import { limits } from "../limits.ts";
import {
  type Candidate,
  type CompiledScheme,
  type CompiledSigner,
  digestBytes,
  type Key,
  type Plan,
  type PreparedSignature,
  type SigningKey,
  type SignRequest,
} from "../plan.ts";
import type { WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { textParam } from "./hmac-params.ts";
import { secretKeys } from "./secret-keys.ts";

const mismatch = failure("signature_mismatch", "The signature of bt_payload does not match: the private key is another one.");

interface Account {
  readonly keys: (Key & SigningKey)[];
  readonly publicKey: string;
}

/** Throws ConfigError without the parameter `publicKey`, which says whose signature of the list counts. */
export function compileBraintree(config: SchemeConfig): CompiledScheme {
  const { keys, publicKey } = accountOf(config);
  return { keys, unsigned: false, mismatch, read: (request) => read(request, publicKey) };
}

function accountOf(config: SchemeConfig): Account {
  const keys = secretKeys(config, "hmac-sha1", { key: "sha1-utf8", params: ["publicKey"] });
  const publicKey = textParam(config.params, "publicKey");
  if (publicKey === undefined || publicKey === "")
    throw new ConfigError("params.publicKey", "is needed: the signature names the public key that belongs to the private key");
  return { keys, publicKey };
}

// What base64 with line breaks is made of.
const PAYLOAD = /^[A-Za-z0-9+/=\n]+$/;

function read(request: WebhookRequest, publicKey: string): Plan | VerifyFailure {
  const fields = formFields(request.body) ?? [];
  const [signature, ...otherSignatures] = valuesOf(fields, "bt_signature");
  const [payload, ...otherPayloads] = valuesOf(fields, "bt_payload");
  if (signature === undefined || payload === undefined)
    return failure("missing_header", "The body is no form with bt_signature and bt_payload.");
  if (otherSignatures.length > 0 || otherPayloads.length > 0)
    return failure("duplicate_header", "The form has bt_signature or bt_payload more than once.");
  if (!PAYLOAD.test(payload)) return failure("malformed_request", "bt_payload is not base64.");
  const candidates: Candidate[] = [];
  let malformed = false;
  for (const pair of signature.split("&")) {
    const [key, hex = ""] = pair.split("|", 2);
    if (key !== publicKey || candidates.length >= limits.signaturesMax) continue;
    const bytes = decode("hex", hex);
    if (bytes?.length === digestBytes["hmac-sha1"]) candidates.push({ algorithm: "hmac-sha1", bytes });
    else malformed = true;
  }
  if (malformed) return failure("malformed_signature", "bt_signature is not 40 hex digits after the public key.");
  if (candidates.length === 0)
    return failure("unknown_key", "bt_signature names another public key than the parameter publicKey: these are other API keys.");
  // Older gateways signed the payload with the line break that its base64 ended with.
  return { ok: true, content: [payload], alternatives: [[payload, "\n"]], candidates };
}

function valuesOf(fields: readonly (readonly [string, string])[], name: string): string[] {
  return fields.flatMap(([each, value]) => (each === name ? [value] : []));
}

/** Signs with the first secret. Throws ConfigError like `compileBraintree`. */
export function compileBraintreeSigner(config: SchemeConfig): CompiledSigner {
  const { keys, publicKey } = accountOf(config);

  function prepare({ body }: SignRequest): PreparedSignature {
    const given = formPayload(body);
    const payload = given ?? xmlPayload(body);
    return {
      content: [payload],
      finish: ([signature = ""]) => ({
        headers: given === undefined ? [formType()] : [],
        body: formOf({ bt_signature: `${publicKey}|${signature}`, bt_payload: payload }),
      }),
    };
  }

  return { keys: keys.slice(0, 1), encoding: "hex", prepare };
}

/** The payload of a form as it stands there; undefined when the body is none. */
function formPayload(body: Uint8Array | string): string | undefined {
  const fields = formFields(body) ?? [];
  const [payload, ...others] = valuesOf(fields, "bt_payload");
  if (payload === undefined) return undefined;
  const isAlone = others.length === 0 && fields.every(([name]) => name === "bt_payload" || name === "bt_signature");
  if (!isAlone || !PAYLOAD.test(payload))
    throw new ConfigError("body", "must be a form with bt_payload, once and in base64, and nothing else");
  return payload;
}

/** The gateway's base64 ends with a line break, which is signed too. */
function xmlPayload(xml: Uint8Array | string): string {
  if (xml.length === 0) throw new ConfigError("body", "is empty: it must be the XML of a notification, or a form with bt_payload");
  return `${encode("base64", typeof xml === "string" ? utf8(xml) : xml)}\n`;
}
