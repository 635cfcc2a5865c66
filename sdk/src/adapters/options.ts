// What a receiver is told once, when it is made; everything that cannot work is refused there and not at the first request.
import { resolveConfig } from "../config.ts";
import { limits } from "../limits.ts";
import { type Params, type Provider, signsUrl, usesKeyPair } from "../provider.ts";
import { providerById } from "../providers/index.ts";
import { ConfigError, type VerifyFailure } from "../result.ts";
import { compileScheme } from "../schemes/index.ts";
import { verifierOptions, type VerifyOptions } from "../webhook.ts";
import type { WebhookEvent } from "./event.ts";

/** What the provider is answered, where the usual empty 200 is not what it wants. */
export interface HandlerAnswer {
  /** 200 to 599. */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Gets a verified event and the framework's own request. A throw or rejection is answered with 500, so that the provider tries again. */
export type Handler<Request> = (event: WebhookEvent, request: Request) => HandlerAnswer | void | Promise<HandlerAnswer | void>;

export interface WebhookOptions<Request = unknown> {
  /** Id of a provider such as `github`, or a provider record of one's own. */
  readonly provider: string | Provider;
  /** The secret as the provider shows it, prefix included. `undefined` is refused at once, because it is a forgotten variable. */
  readonly secret?: string | undefined;
  /** Several secrets during a rotation, at most 3. */
  readonly secrets?: readonly string[] | undefined;
  /** For senders that sign with a key pair: hex, base64, PEM, X.509 certificate, JWK or JWKS. */
  readonly publicKey?: string | readonly string[] | undefined;
  readonly params?: Params | undefined;
  /**
   * The full public URL as registered at the provider, needed where the provider signs it and ignored elsewhere. It is
   * never put together from the Host header, which the caller chooses.
   */
  readonly url?: string | undefined;
  /** Replaces the provider's tolerance. Seconds, both edges included. */
  readonly toleranceSeconds?: number | undefined;
  /** Larger bodies are answered 413. Bytes; default 10 MiB. */
  readonly bodyBytesMax?: number | undefined;
  /** By event type, for example `push`. A type that nobody handles is acknowledged, or else the provider would repeat it. */
  readonly handlers?: Readonly<Record<string, Handler<Request>>> | undefined;
  /** Gets every event that `handlers` does not name. */
  readonly handler?: Handler<Request> | undefined;
  /** Gets what the caller is not told: why a request was refused. */
  readonly onFailure?: ((failure: VerifyFailure, request: Request) => unknown) | undefined;
  /** Gets what a handler threw; `console.error` otherwise. */
  readonly onError?: ((error: unknown, request: Request) => unknown) | undefined;
}

/** Options that were found to work. */
export interface CheckedOptions {
  readonly provider: Provider;
  readonly verify: VerifyOptions;
  readonly bodyBytesMax: number;
}

/** Throws ConfigError (with `path`) like `createVerifier`, and for an absent secret, URL or handler. */
export function checkOptions<Request>(options: WebhookOptions<Request>): CheckedOptions {
  const { url, toleranceSeconds, bodyBytesMax = limits.receivedBodyBytesMax } = options;
  const provider = recordOf(options.provider);
  const params = options.params ?? {};
  needSecret(provider, options);
  needHandler(options);
  if (!Number.isSafeInteger(bodyBytesMax) || bodyBytesMax < 0) throw new ConfigError("bodyBytesMax", "must be a whole number of bytes");
  const bound = signsUrl(provider) || templateHasUrl(provider, params);
  const registered = params["url"] ?? url;
  if (bound && typeof registered !== "string")
    throw new ConfigError(
      "url",
      `is missing: ${provider.name} signs the URL it calls. Give the full public URL exactly as it is registered there.`,
    );
  const verify: VerifyOptions = {
    provider,
    secret: options.secret,
    secrets: options.secrets,
    publicKey: options.publicKey,
    params: bound ? { ...params, url: registered as string } : params,
    toleranceSeconds,
  };
  // Compiled only for its errors: a secret that cannot be decoded must stop the start, not the first webhook.
  compileScheme(resolveConfig(verifierOptions(verify)));
  return { provider, verify, bodyBytesMax };
}

function recordOf(provider: string | Provider): Provider {
  const record = typeof provider === "string" ? providerById(provider) : provider;
  if (record === undefined) throw new ConfigError("provider", `${JSON.stringify(provider)} is not a provider this version knows`);
  return record;
}

function needSecret(provider: Provider, { secret, secrets, publicKey }: WebhookOptions<never>): void {
  const given = [secret, ...(secrets ?? []), ...(typeof publicKey === "string" ? [publicKey] : (publicKey ?? []))];
  if (provider.scheme.kind === "none" || given.some((text) => text !== undefined && text !== "")) return;
  const where = provider.secretHint === undefined ? "" : ` ${provider.secretHint}`;
  throw new ConfigError(
    usesKeyPair(provider) ? "publicKey" : "secret",
    `is missing: requests of ${provider.name} cannot be verified without it. Is the environment variable set?${where}`,
  );
}

function needHandler({ handler, handlers }: WebhookOptions<never>): void {
  const all = [handler, ...Object.values(handlers ?? {})].filter((each) => each !== undefined);
  if (all.length === 0) throw new ConfigError("handler", "is missing: give handler, or handlers by event type");
  if (all.some((each) => typeof each !== "function")) throw new ConfigError("handlers", "must be functions");
}

// The template of the generic provider stands in its parameters.
function templateHasUrl({ scheme }: Provider, params: Params): boolean {
  return scheme.kind === "hmac" && scheme.fromParams === true && String(params["content"] ?? "").includes("{url}");
}
