// verify() and sign(): one call each, for programs that handle a webhook now and then.
import { resolveConfig } from "./config.ts";
import type { Engine } from "./engine.ts";
import { fetchesKeys } from "./key-question.ts";
import type { Keyring } from "./keyring.ts";
import { bestEngine } from "./engines.ts";
import { extract, type EventFacts } from "./extract.ts";
import type { CompiledScheme, SignedHeaders } from "./plan.ts";
import type { Params, Provider } from "./provider.ts";
import type { HeadersInput, WebhookRequest } from "./request.ts";
import { ConfigError, failure, type VerifyFailure, type VerifyResult } from "./result.ts";
import { compileScheme } from "./schemes/index.ts";
import { signWith } from "./signer.ts";
import { readPlan, unreadable, type VerifierOptions } from "./verifier.ts";

export interface VerifyOptions {
  /** Id of a provider such as `github`, or a provider record of one's own. */
  readonly provider: string | Provider;
  /** The secret as the provider shows it, prefix included. */
  readonly secret?: string;
  /** Several secrets during a rotation, at most 3. */
  readonly secrets?: readonly string[];
  /** `whpk_…`, for senders that sign with a key pair. */
  readonly publicKey?: string | readonly string[];
  readonly params?: Params;
  /** Fetches the vendor's key where the provider publishes it and no `publicKey` pins one; see `createKeyring`. */
  readonly keyring?: Keyring;
  /** Unix time in milliseconds; default: the clock. For a stored request, the time it was received. */
  readonly nowMs?: number;
  /** Replaces the provider's tolerance. Seconds, both edges included. */
  readonly toleranceSeconds?: number;
}

export type VerifyOutcome = { readonly ok: true; readonly event: EventFacts } | VerifyFailure;

/**
 * Verifies one request and reads its event id and type, on every runtime with WebCrypto.
 *
 * Never rejects: unusable options give the cause `no_secret` or `invalid_config`. On a server that verifies many requests
 * of one source, `createVerifier` does the same work once per source instead of once per request.
 */
export function verify(request: WebhookRequest, options: VerifyOptions): Promise<VerifyOutcome> {
  return verifyWith(bestEngine(), request, options);
}

/** `verify` with a given executor. */
export async function verifyWith(engine: Engine, request: WebhookRequest, options: VerifyOptions): Promise<VerifyOutcome> {
  const result = await check(engine, request, options);
  return result.ok ? { ok: true, event: extract(options.provider, request, ["id", "type"]) } : result;
}

/** Which of the secrets verifies a request. Never rejects. */
export async function check(engine: Engine, request: WebhookRequest, options: VerifyOptions): Promise<VerifyResult> {
  try {
    const nowMs = options.nowMs ?? Date.now();
    const config = resolveConfig({ ...verifierOptions(options), keysLater: options.keyring !== undefined });
    const found = options.keyring !== undefined && fetchesKeys(config) ? await options.keyring.find(config, request, nowMs) : undefined;
    if (found?.ok === false) return found;
    const scheme = compileScheme(found === undefined ? config : { ...config, secrets: [], publicKeys: [found.publicKey] });
    const run = await engine.runner(scheme);
    return await runOn(scheme, run, request, nowMs);
  } catch (error) {
    return configFailure(error);
  }
}

type Run = Awaited<ReturnType<Engine["runner"]>>;

async function runOn(scheme: CompiledScheme, run: Run, request: WebhookRequest, nowMs: number): Promise<VerifyResult> {
  try {
    const plan = readPlan(scheme, request, nowMs);
    return plan.ok ? await run(plan) : plan;
  } catch (error) {
    return unreadable(error);
  }
}

/** `secret` and `secrets` as one list; an empty text is no secret. */
export function verifierOptions(options: VerifyOptions): VerifierOptions {
  const { provider, secret, secrets, publicKey, params, toleranceSeconds } = options;
  const all = [...(secret === undefined ? [] : [secret]), ...(secrets ?? [])];
  return { provider, secrets: all.filter((each) => each !== ""), publicKey, params, toleranceSeconds };
}

/** What a thrown error of construction is as a failure. */
export function configFailure(error: unknown): VerifyFailure {
  if (!(error instanceof ConfigError)) return failure("invalid_config", "The options of verify could not be read.");
  return failure(error.path === "secrets" ? "no_secret" : "invalid_config", error.message);
}

export interface SignOptions {
  readonly provider: string | Provider;
  /** As in `SignerOptions`: a secret, or a private key of one's own for vendors that sign with a key pair. */
  readonly secret?: string;
  /** Several secrets during a rotation, the current one first. */
  readonly secrets?: readonly string[];
  readonly params?: Params;
  readonly id?: string;
  readonly type?: string;
  /** Unix time in milliseconds; default: the clock. */
  readonly timestampMs?: number;
  readonly method?: string;
  readonly url?: string;
  readonly headers?: HeadersInput;
  readonly body: Uint8Array | string;
}

/**
 * Signs a body as the provider would: for test events, and for one's own webhooks with `standard-webhooks`. Works on
 * every runtime with WebCrypto. Rejects with ConfigError when the options cannot work or something that is signed is
 * absent.
 */
export async function sign(options: SignOptions): Promise<SignedHeaders> {
  const { provider, secret, secrets = [], params, timestampMs = Date.now(), ...rest } = options;
  const signer = { provider, secrets: secret === undefined ? secrets : [secret, ...secrets], params };
  return signWith(bestEngine(), signer, { ...rest, timestampSeconds: timestampMs / 1000 });
}
