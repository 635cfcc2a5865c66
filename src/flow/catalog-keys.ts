// Random secrets that Posthorn itself hands out: API keys, ingest tokens, signing secrets; and how they are hashed and hinted.
import { createHash } from "node:crypto";
import type { Random } from "../system/random.ts";

const SECRET_BYTES = 32;
// 160 bits: an ingest token is half of a URL that people paste, so it is kept shorter than a key.
const TOKEN_BYTES = 20;

export function newApiKeyText(random: Random): string {
  return `phk_${randomText(random, SECRET_BYTES)}`;
}

export function newIngestToken(random: Random): string {
  return randomText(random, TOKEN_BYTES);
}

/** A Standard Webhooks secret: 32 bytes, within the 24 to 64 the standard asks for. */
export function newSigningSecret(random: Random): string {
  return `whsec_${Buffer.from(random.fill(new Uint8Array(SECRET_BYTES))).toString("base64")}`;
}

/** A shared secret for providers that take any text. */
export function newSharedSecret(random: Random): string {
  return randomText(random, SECRET_BYTES);
}

export function hashApiKey(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** `whsec_…abcd`: enough to tell secrets apart; short ones show nothing, because four characters would be much of them. */
export function secretHint(secret: string): string {
  const prefix = /^[a-z]{2,6}_/.exec(secret)?.[0] ?? "";
  return secret.length - prefix.length >= 16 ? `${prefix}…${secret.slice(-4)}` : `${prefix}…`;
}

function randomText(random: Random, bytes: number): string {
  return Buffer.from(random.fill(new Uint8Array(bytes))).toString("base64url");
}
