// Writes signatures into bodies: those of Adyen and Mailgun here, others beside what verifies them. JSON is written anew, compactly.
import { refusePublicKey, type SchemeConfig } from "../config.ts";
import { encode } from "../encoding.ts";
import { isRecord, jsonObject, valueAt } from "../json.ts";
import { limits } from "../limits.ts";
import type { CompiledSigner, PreparedSignature, SignRequest } from "../plan.ts";
import type { BodySignatureScheme } from "../provider.ts";
import { ConfigError } from "../result.ts";
import { webCrypto } from "../runtime.ts";
import { formatTimestamp } from "../timestamp.ts";
import { adyenContent } from "./body-signature.ts";
import { secretKeys } from "./secret-keys.ts";
import { compileBraintreeSigner } from "./body-signature-braintree.ts";
import { compileDropboxSignSigner } from "./body-signature-dropbox-sign.ts";
import { compileMicrosoftGraphSigner } from "./body-signature-microsoft-graph.ts";
import { compilePaddleClassicSigner } from "./body-signature-paddle.ts";
import { compileSnsSigner } from "./body-signature-sns.ts";

/** Signs with the first secret. Throws ConfigError for secrets and parameters that cannot work. */
export function compileBodySignatureSigner(config: SchemeConfig, scheme: BodySignatureScheme): CompiledSigner {
  switch (scheme.layout) {
    case "adyen":
      return { keys: secretKeys(config, "hmac-sha256", { key: scheme.key }).slice(0, 1), encoding: "base64", prepare: prepareAdyen };
    case "mailgun":
      return { keys: secretKeys(config, "hmac-sha256", { key: scheme.key }).slice(0, 1), encoding: "hex", prepare: prepareMailgun };
    case "aws-sns":
      refusePublicKey(config);
      return compileSnsSigner(config, scheme);
    case "braintree":
      return compileBraintreeSigner(config);
    case "dropbox-sign":
      return compileDropboxSignSigner(config);
    case "microsoft-graph":
      return compileMicrosoftGraphSigner(config);
    case "paddle-classic":
      return compilePaddleClassicSigner(config);
  }
}

function prepareAdyen({ body }: SignRequest): PreparedSignature {
  const root = jsonObject(body);
  const items = valueAt(root, ["notificationItems"]);
  if (!Array.isArray(items) || items.length === 0 || items.length > limits.signedItemsMax)
    throw new ConfigError("body", `must be JSON with 1 to ${limits.signedItemsMax} notificationItems`);
  const contents = (items as readonly unknown[]).map((each, index) => {
    const content = adyenContent(valueAt(each, ["NotificationRequestItem"]));
    if (content === undefined) throw new ConfigError("body", `has no NotificationRequestItem of plain values in item ${index + 1}`);
    return [content];
  });
  const [content = [], ...also] = contents;
  return {
    content,
    also,
    finish(signatures, others) {
      const all = [signatures, ...others];
      const signed = (items as readonly unknown[]).map((each, index) => withSignature(each, all[index]?.[0] ?? ""));
      return { headers: [], body: JSON.stringify({ ...root, notificationItems: signed }) };
    },
  };
}

function withSignature(each: unknown, hmacSignature: string): unknown {
  const item = valueAt(each, ["NotificationRequestItem"]);
  if (!isRecord(each) || !isRecord(item)) return each;
  const data = item["additionalData"];
  return { ...each, NotificationRequestItem: { ...item, additionalData: { ...(isRecord(data) ? data : {}), hmacSignature } } };
}

// Mailgun's own tokens are 50 letters of hex, new in each request, so that a receiver can refuse one it has seen.
const TOKEN_BYTES = 25;

function prepareMailgun({ body, timestampMs }: SignRequest): PreparedSignature {
  const root = jsonObject(body);
  if (root === undefined) throw new ConfigError("body", "must be a JSON object: the signature is written into it");
  const timestamp = formatTimestamp(timestampMs, "s").padStart(10, "0");
  const token = encode("hex", webCrypto().getRandomValues(new Uint8Array(TOKEN_BYTES)));
  return {
    content: [`${timestamp}${token}`],
    finish: ([signature = ""]) => ({ headers: [], body: JSON.stringify({ ...root, signature: { timestamp, token, signature } }) }),
  };
}
