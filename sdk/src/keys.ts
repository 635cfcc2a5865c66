// New secrets and key pairs of Standard Webhooks.
import type { webcrypto } from "node:crypto";
import { concat } from "./der.ts";
import { encode } from "./encoding.ts";
import { webCrypto } from "./runtime.ts";

/** A new shared secret: `whsec_` and base64 of 32 random bytes (the standard asks for 24 to 64). */
export function generateSecret(): string {
  return `whsec_${encode("base64", webCrypto().getRandomValues(new Uint8Array(32)))}`;
}

export interface KeyPair {
  /** `whsk_` and base64 of the 32-byte seed followed by the 32-byte public key. Signs; keep it secret. */
  readonly privateKey: string;
  /** `whpk_` and base64 of the 32-byte public key. Verifies; give it to receivers. */
  readonly publicKey: string;
}

/** A new ed25519 key pair for `v1a` signatures. Rejects with an Error where the runtime's WebCrypto has no ed25519. */
export async function generateKeyPair(): Promise<KeyPair> {
  const { subtle } = webCrypto();
  const pair = await subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
  if (!isPair(pair)) throw new Error("The WebCrypto of this runtime made no key pair.");
  // PKCS #8 of ed25519 ends with the raw 32 bytes (RFC 8410).
  const seed = new Uint8Array(await subtle.exportKey("pkcs8", pair.privateKey)).subarray(-32);
  const publicBytes = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
  return {
    privateKey: `whsk_${encode("base64", concat(seed, publicBytes))}`,
    publicKey: `whpk_${encode("base64", publicBytes)}`,
  };
}

function isPair(made: webcrypto.CryptoKey | webcrypto.CryptoKeyPair): made is webcrypto.CryptoKeyPair {
  return "privateKey" in made;
}
