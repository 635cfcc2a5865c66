// Secrets of sources: which providers let us choose one, and how one follows another.
import type { Source, SourceSecret } from "../core/source.ts";
import { newSharedSecret, newSigningSecret } from "../flow/catalog-keys.ts";
import { SECRETS_PER_SOURCE_MAX } from "../limits.ts";
import type { Random } from "../system/random.ts";

/** A secret for this source, or null where only the provider can make it (Stripe shows its own) or none is used. */
export function generateSourceSecret(source: Source, random: Random): string | null {
  switch (source.provider) {
    case "standard-webhooks":
      return newSigningSecret(random);
    case "github":
    case "token":
      return newSharedSecret(random);
    case "basic":
      return `posthorn:${newSharedSecret(random)}`;
    case "hmac":
      return hmacSecret(source.params.secretEncoding, random);
    default:
      return null;
  }
}

function hmacSecret(encoding: unknown, random: Random): string {
  const bytes = Buffer.from(newSharedSecret(random), "base64url");
  if (encoding === "hex") return bytes.toString("hex");
  return encoding === "base64" ? bytes.toString("base64") : bytes.toString("base64url");
}

/** The new secret first. Old ones keep an earlier expiry; the ones that end first give way to the limit. */
export function addSourceSecret(secrets: readonly SourceSecret[], value: string, now: number, expireOldAt: number): SourceSecret[] {
  const old = secrets
    .filter((secret) => secret.value !== value)
    .map((secret) => ({ value: secret.value, expiresAt: Math.min(secret.expiresAt ?? Infinity, expireOldAt) }))
    .filter((secret) => secret.expiresAt > now)
    .toSorted((a, b) => b.expiresAt - a.expiresAt);
  return [{ value, expiresAt: null }, ...old.slice(0, SECRETS_PER_SOURCE_MAX - 1)];
}
