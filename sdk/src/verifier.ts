// A verifier made once per source: synchronous, for the hot path of a server.
import { resolveConfig, type RawConfig } from "./config.ts";
import { syncEngine } from "./engines.ts";
import type { CompiledScheme, Plan } from "./plan.ts";
import type { Params, Provider } from "./provider.ts";
import { isBody, type WebhookRequest } from "./request.ts";
import { failure, type VerifyFailure, type VerifyResult } from "./result.ts";
import { compileScheme } from "./schemes/index.ts";

export interface VerifierOptions {
  /** Id of a provider, or a provider record of one's own. */
  readonly provider: string | Provider;
  /** At most 3; all are tried, so that a secret can be rotated without a gap. Empty only with `publicKey` or `none`. */
  readonly secrets?: readonly string[];
  /** `whpk_…`, for providers that sign with a key pair. */
  readonly publicKey?: string | readonly string[];
  readonly params?: Params;
  /** true: a provider whose keys are fetched (`keySource`) may have none yet. Such a verifier accepts nothing: it checks options. */
  readonly keysLater?: boolean;
  /** Replaces the provider's tolerance. Seconds, both edges included. */
  readonly toleranceSeconds?: number;
}

export interface Verifier {
  readonly provider: Provider;
  /** Never throws. `nowMs` is Unix time in milliseconds; for a stored request, the time it was received. */
  verify(request: WebhookRequest, nowMs: number): VerifyResult;
}

/**
 * Compiles a provider with its secrets into a verifier. Nothing of the JSON body is parsed to verify.
 *
 * Throws ConfigError (with `path`) for an unknown provider, an empty, short or undecodable secret, a bad template, an
 * unknown parameter, and in a runtime without `node:crypto`: `verify` works there too.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const config = resolveConfig(options satisfies RawConfig);
  const scheme = compileScheme(config);
  const run = syncEngine("verify()").runner(scheme);

  return {
    provider: config.provider,
    verify(request, nowMs) {
      try {
        const plan = readPlan(scheme, request, nowMs);
        return plan.ok ? run(plan) : plan;
      } catch (error) {
        return unreadable(error);
      }
    },
  };
}

/** Throws what the request throws; `unreadable` makes a failure of it. */
export function readPlan(scheme: CompiledScheme, request: WebhookRequest, nowMs: number): Plan | VerifyFailure {
  if (isBody(request.body)) return scheme.read(request, nowMs);
  return failure("malformed_request", "The body must be the raw bytes of the request (Uint8Array or string), not a parsed value.");
}

/** Only a value that is no request gets here, such as headers whose getter throws: it is refused, not trusted. */
export function unreadable(error: unknown): VerifyFailure {
  return failure("malformed_request", `The request could not be read: ${error instanceof Error ? error.message : "unknown error"}.`);
}
