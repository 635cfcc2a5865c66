// No verification: every request is taken. Only the secrecy of the URL protects such a source.
import { refusePublicKey, refuseUnknownParams, type SchemeConfig } from "../config.ts";
import type { CompiledScheme, CompiledSigner } from "../plan.ts";
import { ConfigError, failure } from "../result.ts";

// A secret that is never checked would make its owner believe that it is.
function refuseSecrets(config: SchemeConfig): void {
  refusePublicKey(config);
  refuseUnknownParams(config, []);
  if (config.secrets.length > 0)
    throw new ConfigError("secrets", `${config.provider.name} checks nothing, so a secret would have no effect`);
}

/** Throws ConfigError when secrets, a public key or parameters are given. */
export function compileNone(config: SchemeConfig): CompiledScheme {
  refuseSecrets(config);
  return {
    keys: [],
    unsigned: true,
    mismatch: failure("no_secret", "Nothing is configured to verify with."),
    read: () => ({ ok: true, content: [], candidates: [] }),
  };
}

export function compileNoneSigner(config: SchemeConfig): CompiledSigner {
  refuseSecrets(config);
  return { keys: [], encoding: "hex", prepare: () => ({ content: [], finish: () => ({ headers: [] }) }) };
}
