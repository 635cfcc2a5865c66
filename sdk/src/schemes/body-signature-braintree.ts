// Braintree: `bt_signature` lists public keys with an HMAC-SHA1 of `bt_payload`, whose key is the raw SHA-1 of the private key.
import { needSecret, refusePublicKey, refuseUnknownParams, secretBytes, type SchemeConfig } from "../config.ts";
import { decode } from "../encoding.ts";
import { formFields } from "../form.ts";
import { limits } from "../limits.ts";
import { type Candidate, type CompiledScheme, digestBytes, type Plan } from "../plan.ts";
import type { WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";
import { sha1 } from "../sha.ts";
import { textParam } from "./hmac-params.ts";

const mismatch = failure("signature_mismatch", "The signature of bt_payload does not match: the private key is another one.");

/** Throws ConfigError without the parameter `publicKey`, which says whose signature of the list counts. */
export function compileBraintree(config: SchemeConfig): CompiledScheme {
  needSecret(config);
  refusePublicKey(config);
  refuseUnknownParams(config, ["publicKey"]);
  const publicKey = textParam(config.params, "publicKey");
  if (publicKey === undefined || publicKey === "")
    throw new ConfigError("params.publicKey", "is needed: the signature names the public key that belongs to the private key");
  const keys = config.secrets.map((secret, secretIndex) => ({
    algorithm: "hmac-sha1" as const,
    bytes: sha1(secretBytes(secret, "utf8", `secrets[${secretIndex}]`)),
    secretIndex,
  }));
  return { keys, unsigned: false, mismatch, read: (request) => read(request, publicKey) };
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
