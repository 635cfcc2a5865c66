// New secrets and key pairs of Standard Webhooks.
import { generateKeyPairSync, randomBytes } from "node:crypto";

/** A new shared secret: `whsec_` and base64 of 32 random bytes (the standard asks for 24 to 64). */
export function generateSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

export interface KeyPair {
  /** `whsk_` and base64 of the 32-byte seed followed by the 32-byte public key. Signs; keep it secret. */
  readonly privateKey: string;
  /** `whpk_` and base64 of the 32-byte public key. Verifies; give it to receivers. */
  readonly publicKey: string;
}

/** A new ed25519 key pair for `v1a` signatures. */
export function generateKeyPair(): KeyPair {
  const pair = generateKeyPairSync("ed25519");
  // PKCS #8 and SPKI of ed25519 end with the raw 32 bytes (RFC 8410).
  const seed = pair.privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32);
  const publicBytes = pair.publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  return {
    privateKey: `whsk_${Buffer.concat([seed, publicBytes]).toString("base64")}`,
    publicKey: `whpk_${publicBytes.toString("base64")}`,
  };
}
