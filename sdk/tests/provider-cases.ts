// What a test needs to sign and verify with any provider: a fitting secret, a URL, and bodies of the right form.
import fc from "fast-check";
import { createSigner, createVerifier, signsUrl, type Params, type Provider, type Signer, type Verifier } from "../src/index.ts";

export const nowMs = 1_760_000_000_000;
export const url = "https://hooks.example.test/in/abc?a=1";
// 33 bytes, so that its base64 has no padding, which would be written in two ways in a URL.
const key = Buffer.from("a-secret-of-exactly-33-bytes-long");

export function secretsOf({ scheme }: Provider): string[] {
  if (scheme.kind === "none") return [];
  if (scheme.kind === "basic") return ["user:a-long-password"];
  const encoding = "key" in scheme ? scheme.key : "utf8";
  if (encoding === "hex" || encoding === "base64") return [key.toString(encoding)];
  return [`whsec_${key.toString("base64")}`];
}

/** The verifier of a provider with its secret; undefined where it needs more than a secret, such as a public key. */
export function verifierOf(provider: Provider, params: Params = {}): Verifier | undefined {
  return attempt(() => createVerifier({ provider, secrets: secretsOf(provider), params }));
}

/** The signer; undefined where a provider can be verified only. */
export function signerOf(provider: Provider, params: Params = {}): Signer | undefined {
  return attempt(() => createSigner({ provider, secrets: secretsOf(provider), params }));
}

function attempt<Made>(make: () => Made): Made | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** Bodies a provider can send: any bytes, or a form or JSON with its timestamp where the signature depends on that. */
export function bodiesOf(provider: Provider): fc.Arbitrary<Uint8Array> {
  const { scheme } = provider;
  if (scheme.kind === "hmac" && scheme.content.includes("{form}")) return forms;
  if (scheme.kind === "hmac" && scheme.ts?.from.startsWith("json:") === true)
    return fc.nat().map((n) => Buffer.from(JSON.stringify({ webhookTimestamp: nowMs, n })));
  return fc.uint8Array({ minLength: 1, maxLength: 200 });
}

const word = fc.stringMatching(/^[a-zA-Z0-9]{1,12}$/);
const forms = fc.uniqueArray(fc.tuple(word, word), { minLength: 1, maxLength: 6, selector: ([name]) => name }).map((fields) => {
  return Buffer.from(fields.map(([name, value]) => `${name}=${value}`).join("&"));
});

/** A token or signature in the query stands in the URL, so the signed URL is the one to verify. */
export function urlOf(provider: Provider): string | undefined {
  const { scheme } = provider;
  const inQuery = scheme.kind === "token" || (scheme.kind === "hmac" && scheme.sig.query !== undefined);
  return signsUrl(provider) || inQuery ? url : undefined;
}
