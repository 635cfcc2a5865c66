// A signer made once per endpoint: synchronous, for the hot path of deliveries, with several secrets for rotation.
import { resolveConfig, type SchemeConfig } from "./config.ts";
import type { Engine } from "./engine.ts";
import { syncEngine } from "./engines.ts";
import type { CompiledSigner, SignedHeaders, SignRequest } from "./plan.ts";
import type { Params, Provider } from "./provider.ts";
import { ConfigError } from "./result.ts";
import { isBody, type HeadersInput } from "./request.ts";
import { compileSigner } from "./schemes/index.ts";

export interface SignerOptions {
  readonly provider: string | Provider;
  /**
   * The secret, or for vendors with a key pair the private key of a pair of one's own: PKCS #8 PEM, and for ed25519 also
   * `whsk_…` or the 32-byte seed in hex or base64. Current one first; schemes with room for several signatures carry
   * one per secret, others the first.
   */
  readonly secrets?: readonly string[];
  readonly params?: Params;
}

export interface SignerInput {
  /** Event id. Needed by Standard Webhooks; others put it into their id header, if they have one. */
  readonly id?: string;
  /** Event type, for providers that have a header for it. */
  readonly type?: string;
  /** Unix seconds of this attempt; a fraction counts for schemes that sign milliseconds. */
  readonly timestampSeconds: number;
  readonly method?: string;
  readonly url?: string;
  /** Headers that are part of the signed content, for templates with `{header:x}`. */
  readonly headers?: HeadersInput;
  readonly body: Uint8Array | string;
}

export interface Signer {
  readonly provider: Provider;
  /**
   * The headers to add to the request, lower case, and for some providers another URL or body to send. Throws
   * ConfigError when something that is signed is absent.
   */
  sign(input: SignerInput): SignedHeaders;
}

/** Compiles a provider with its secrets into a signer. Throws ConfigError like `createVerifier`. */
export function createSigner(options: SignerOptions): Signer {
  const { provider, signer, finish } = compile(resolveConfig(options));
  const engine = syncEngine("sign()");
  const run = engine.signer(signer);

  return {
    provider,
    sign(input) {
      const request = requestOf(input);
      const prepared = signer.prepare(request, signer.hashes?.(request).map(engine.sha256) ?? []);
      return finish(prepared.finish(run(prepared.content), prepared.also?.map(run) ?? []), input);
    },
  };
}

/** Signs once, with any executor. Rejects with ConfigError like `createSigner`. */
export async function signWith(engine: Engine, options: SignerOptions, input: SignerInput): Promise<SignedHeaders> {
  const { signer, finish } = compile(resolveConfig(options));
  const request = requestOf(input);
  const run = await engine.signer(signer);
  const digests = await Promise.all((signer.hashes?.(request) ?? []).map(async (content) => engine.sha256(content)));
  const prepared = signer.prepare(request, digests);
  const also = await Promise.all((prepared.also ?? []).map(async (content) => run(content)));
  return finish(prepared.finish(await run(prepared.content), also), input);
}

interface Compiled {
  readonly provider: Provider;
  readonly signer: CompiledSigner;
  /** Adds the headers that carry id and type. */
  readonly finish: (signed: SignedHeaders, input: SignerInput) => SignedHeaders;
}

function compile(config: SchemeConfig): Compiled {
  const signer = compileSigner(config);
  const { provider } = config;
  const idHeader = signer.carriesId === true ? undefined : headerOf(provider.eventId);
  const typeHeader = headerOf(provider.eventType);
  return {
    provider,
    signer,
    finish(signed, { id, type }) {
      addHeader(signed, idHeader, "id", id);
      addHeader(signed, typeHeader, "type", type);
      return signed;
    },
  };
}

function requestOf({ id, type, method, url, headers, body, timestampSeconds }: SignerInput): SignRequest {
  if (!isBody(body)) throw new ConfigError("body", "must be bytes (Uint8Array) or a string");
  return { id, type, method, url, headers, body, timestampMs: timestampMs(timestampSeconds) };
}

function timestampMs(seconds: number): number {
  const instant = Math.round(seconds * 1000);
  // 12 digits of seconds are what verifiers accept.
  if (!(instant >= 0 && instant < 1e15)) throw new ConfigError("timestampSeconds", "must be Unix seconds");
  return instant;
}

function headerOf(locations: Provider["eventId"]): string | undefined {
  return locations.find((location) => location.startsWith("header:"))?.slice("header:".length);
}

// Ids and types come from users; a line break in one must not become a second header.
function addHeader(signed: SignedHeaders, name: string | undefined, path: string, value: string | undefined): void {
  if (name === undefined || value === undefined || signed.headers.some(([present]) => present === name)) return;
  if (!/^[\x20-\x7e]*$/.test(value)) throw new ConfigError(path, "must be printable ASCII, because it becomes a header");
  signed.headers.push([name, value]);
}
