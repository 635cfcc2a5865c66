// HTTP Basic authentication (RFC 7617); the secret is `user:password`.
import { needSecret, refusePublicKey, refuseUnknownParams, secretBytes, type SchemeConfig } from "../config.ts";
import { decode, encode, utf8 } from "../encoding.ts";
import type { CompiledScheme, CompiledSigner, Plan } from "../plan.ts";
import { headerReader, type WebhookRequest } from "../request.ts";
import { ConfigError, failure, type VerifyFailure } from "../result.ts";

const mismatch = failure("wrong_credentials", "The user or the password of the request is not the configured one.");
const PREFIX = "basic ";

function credentials(config: SchemeConfig): Uint8Array[] {
  needSecret(config);
  refusePublicKey(config);
  refuseUnknownParams(config, []);
  return config.secrets.map((secret, index) => {
    const path = `secrets[${index}]`;
    if (!secret.includes(":")) throw new ConfigError(path, "must be user:password");
    return secretBytes(secret, "utf8", path);
  });
}

/** Throws ConfigError for a secret that is not `user:password` or is too short. */
export function compileBasic(config: SchemeConfig): CompiledScheme {
  const reader = headerReader();
  const slot = reader.slot("authorization");
  const keys = credentials(config).map((bytes, secretIndex) => ({ algorithm: "equal" as const, bytes, secretIndex }));

  function read(request: WebhookRequest): Plan | VerifyFailure {
    const value = reader.read(request.headers)[slot];
    if (value === undefined) return failure("missing_header", "The header authorization is missing.");
    if (value === null) return failure("duplicate_header", "The header authorization is present more than once.");
    const bytes = value.slice(0, PREFIX.length).toLowerCase() === PREFIX ? decode("base64", value.slice(PREFIX.length)) : undefined;
    if (bytes === undefined) return failure("wrong_credentials", 'The header authorization is not "Basic" and base64 of user:password.');
    return { ok: true, content: [], candidates: [{ algorithm: "equal", bytes }] };
  }

  return { keys, unsigned: false, mismatch, read };
}

/** Sends the first secret. Throws ConfigError like `compileBasic`. */
export function compileBasicSigner(config: SchemeConfig): CompiledSigner {
  credentials(config);
  const value = `Basic ${encode("base64", utf8(config.secrets[0] ?? ""))}`;
  return { keys: [], encoding: "base64", prepare: () => ({ content: [], finish: () => ({ headers: [["authorization", value]] }) }) };
}
