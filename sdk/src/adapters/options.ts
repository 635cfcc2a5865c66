// What a receiver is told once, when it is made; everything that cannot work is refused there and not at the first request.
import { resolveConfig, type SchemeConfig } from "../config.ts";
import type { HandshakeAnswer } from "../handshake.ts";
import { checkKeyOptions, fetchesKeys } from "../key-question.ts";
import type { Keyring } from "../keyring.ts";
import { limits } from "../limits.ts";
import { type Params, type Provider, signsUrl, usesKeyPair } from "../provider.ts";
import { providerById } from "../providers/index.ts";
import { ConfigError } from "../result.ts";
import { compileScheme } from "../schemes/index.ts";
import { verifierOptions } from "../webhook.ts";
import type { HandlerAnswer } from "./answer.ts";
import type { WebhookFailure } from "./callbacks.ts";
import type { WebhookEvent } from "./event.ts";

export type { HandlerAnswer } from "./answer.ts";
export type { WebhookFailure } from "./callbacks.ts";

/** Gets a verified event and the framework's own request. A throw or rejection is answered with 500, so that the provider tries again. */
export type Handler<Request> = (event: WebhookEvent, request: Request) => HandlerAnswer | void | Promise<HandlerAnswer | void>;

export interface WebhookOptions<Request = unknown> {
  /** Id of a provider such as `github`, or a provider record of one's own. */
  readonly provider: string | Provider;
  /** The secret as the provider shows it, prefix included. `undefined` is refused at once, because it is a forgotten variable. */
  readonly secret?: string | undefined;
  /** Several secrets during a rotation, at most 3. */
  readonly secrets?: readonly string[] | undefined;
  /**
   * For senders that sign with a key pair: hex, base64, PEM, X.509 certificate, JWK or JWKS. Without it, the keys of
   * providers that publish them (`keySource`) are fetched when a request needs one.
   */
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
  /** Where fetched keys come from and are kept; default: one for the whole program, over the global `fetch`. */
  readonly keyring?: Keyring | undefined;
  /** Gets what the caller is not told: why a request was refused, or a handshake came to nothing. */
  readonly onFailure?: ((failure: WebhookFailure, request: Request) => unknown) | undefined;
  /** Is told of every request by which the provider tested the endpoint, with what it is answered. */
  readonly onHandshake?: ((answer: HandshakeAnswer, request: Request) => unknown) | undefined;
  /**
   * Gets the secret that the provider brings in a handshake (Asana, Notion), to be kept as `secret` for the next start; the
   * webhook uses it from then on. It comes unsigned, so it is taken only while there is no `secret`: whoever knows the URL
   * could bring the first one. When this throws, the provider is answered 500.
   */
  readonly onSecret?: ((secret: string, request: Request) => unknown) | undefined;
  /** Gets what a handler threw; `console.error` otherwise. */
  readonly onError?: ((error: unknown, request: Request) => unknown) | undefined;
}

/** Options that were found to work. */
export interface CheckedOptions {
  /** Without secrets where the provider will bring one. */
  readonly config: SchemeConfig;
  /** true: there is no secret yet, and requests are refused until the provider brings it. */
  readonly learns: boolean;
  readonly bodyBytesMax: number;
}

/** Throws ConfigError (with `path`) like `createVerifier`, and for an absent secret, URL or handler. */
export function checkOptions<Request>(options: WebhookOptions<Request>): CheckedOptions {
  const { url, toleranceSeconds, bodyBytesMax = limits.receivedBodyBytesMax } = options;
  const provider = recordOf(options.provider);
  const params = options.params ?? {};
  const learns = learnsSecret(provider, options);
  needHandler(options);
  if (!Number.isSafeInteger(bodyBytesMax) || bodyBytesMax < 0) throw new ConfigError("bodyBytesMax", "must be a whole number of bytes");
  const bound = signsUrl(provider) || templateHasUrl(provider, params);
  const registered = params["url"] ?? url;
  const given = verifierOptions({
    provider,
    secret: options.secret,
    secrets: options.secrets,
    publicKey: options.publicKey,
    params: bound && typeof registered === "string" ? { ...params, url: registered } : params,
    toleranceSeconds,
  });
  const config = resolveConfig({ ...given, keysLater: true });
  if (fetchesKeys(config)) checkKeyOptions(config);
  else if (!learns) needSecret(provider, options);
  if (bound && typeof registered !== "string")
    throw new ConfigError(
      "url",
      `is missing: ${provider.name} signs the URL it calls. Give the full public URL exactly as it is registered there.`,
    );
  // Compiled for its errors: what cannot work must stop the start, not the first webhook. A secret to come has a stand-in.
  compileScheme(learns ? { ...config, secrets: ["stands-in-for-a-secret-to-come-0"] } : config);
  return { config, learns, bodyBytesMax };
}

function recordOf(provider: string | Provider): Provider {
  const record = typeof provider === "string" ? providerById(provider) : provider;
  if (record === undefined) throw new ConfigError("provider", `${JSON.stringify(provider)} is not a provider this version knows`);
  return record;
}

function needSecret(provider: Provider, options: WebhookOptions<never>): void {
  if (provider.scheme.kind === "none" || hasSecret(options)) return;
  const learn = bringsSecret(provider) ? " Or give onSecret, which gets the one that the provider brings in its first request." : "";
  const where = provider.secretHint === undefined ? "" : ` ${provider.secretHint}`;
  throw new ConfigError(
    usesKeyPair(provider) ? "publicKey" : "secret",
    `is missing: requests of ${provider.name} cannot be verified without it. Is the environment variable set?${learn}${where}`,
  );
}

function hasSecret({ secret, secrets, publicKey }: WebhookOptions<never>): boolean {
  const given = [secret, ...(secrets ?? []), ...(typeof publicKey === "string" ? [publicKey] : (publicKey ?? []))];
  return given.some((text) => text !== undefined && text !== "");
}

function learnsSecret(provider: Provider, options: WebhookOptions<never>): boolean {
  return options.onSecret !== undefined && bringsSecret(provider) && !hasSecret(options);
}

function bringsSecret({ handshakes = [] }: Provider): boolean {
  return handshakes.some(({ effect }) => effect?.kind === "learn-secret");
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
