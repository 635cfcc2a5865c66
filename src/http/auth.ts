// Who is calling, and whether this key may do that.
import type { ApiKey, ApiKeyScope } from "../core/api-key.ts";
import { ProblemError } from "../errors.ts";
import type { Catalog } from "../flow/catalog.ts";
import { hashApiKey } from "../flow/catalog-keys.ts";

// Longer than any key of ours or of the settings: what is longer is not hashed at all.
const KEY_CHARACTERS_MAX = 512;

/**
 * The key is looked up by its SHA-256, so the time it takes tells nothing about the keys there are: a caller cannot
 * steer a hash towards one of them.
 */
export function authenticate(catalog: Catalog, authorization: string | undefined, nowMs: number): ApiKey {
  if (authorization === undefined) throw new ProblemError("missing_key", "The request has no Authorization header.");
  const text = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (text === undefined) throw new ProblemError("missing_key", "The Authorization header is not of the form Bearer <key>.");
  const key = text.length > KEY_CHARACTERS_MAX ? undefined : catalog.apiKeyByHash(hashApiKey(text));
  if (key === undefined || (key.expiresAt !== null && key.expiresAt <= nowMs)) throw new ProblemError("wrong_key");
  return key;
}

export function authorize(key: ApiKey, scope: ApiKeyScope): void {
  if (key.scopes.includes("admin") || key.scopes.includes(scope)) return;
  throw new ProblemError("scope_missing", `This needs a key with the scope ${scope}; this key has ${key.scopes.join(", ")}.`);
}
