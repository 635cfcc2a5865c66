// Makes HTTP message signatures for test events: one, over the digest of the body, as MailChannels sends them.
import { refuseUnknownParams, type SchemeConfig } from "../config.ts";
import { encode } from "../encoding.ts";
import type { CompiledSigner, PreparedSignature, SignRequest } from "../plan.ts";
import { ConfigError } from "../result.ts";
import { formatTimestamp } from "../timestamp.ts";
import { signingKey } from "./asymmetric-keys.ts";
import { textParam } from "./hmac-params.ts";
import { signatureBase } from "./http-signature.ts";

const LABEL = "sig1";

/** Signs with the first secret, an ed25519 private key. Throws ConfigError for another key and for unknown parameters. */
export function compileHttpSignatureSigner(config: SchemeConfig): CompiledSigner {
  refuseUnknownParams(config, ["keyid", "url"]);
  const keyid = textParam(config.params, "keyid");
  const named = keyid === undefined ? "" : `;keyid=${quoted(keyid)}`;

  function prepare({ body, timestampMs }: SignRequest, [digest = new Uint8Array()]: readonly Uint8Array[]): PreparedSignature {
    const contentDigest = `sha-256=:${encode("base64", digest)}:`;
    const text = `("content-digest");created=${formatTimestamp(timestampMs, "s")};alg="ed25519"${named}`;
    const base = signatureBase({ components: ["content-digest"], text }, { headers: [["content-digest", contentDigest]], body });
    // Its one component is in the headers just given, so there is always a base.
    if (typeof base !== "string") throw new ConfigError("request", base.message);
    return {
      content: [base],
      finish: ([signature = ""]) => ({
        headers: [
          ["content-digest", contentDigest],
          ["signature-input", `${LABEL}=${text}`],
          ["signature", `${LABEL}=:${signature}:`],
        ],
      }),
    };
  }

  return { keys: [signingKey(config, "ed25519")], encoding: "base64", hashes: ({ body }) => [body], prepare };
}

/** A string of RFC 8941. */
function quoted(text: string): string {
  if (!/^[\x20-\x7e]{1,256}$/.test(text)) throw new ConfigError("params.keyid", "must be 1 to 256 printable ASCII characters");
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
