// A signer made once per endpoint: synchronous, for the hot path of deliveries, with several secrets for rotation.
import { resolveConfig } from "./config.ts";
import { nodeSigner, sha256 } from "./node-crypto.ts";
import type { SignedHeaders } from "./plan.ts";
import type { Params, Provider } from "./provider.ts";
import { ConfigError } from "./result.ts";
import { isBody, type HeadersInput } from "./request.ts";
import { compileSigner } from "./schemes/index.ts";

export interface SignerOptions {
  readonly provider: string | Provider;
  /** Current secret first. Schemes with room for several signatures carry one per secret, others the first. */
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
  /** The headers to add to the request, lower case. Throws ConfigError when something that is signed is absent. */
  sign(input: SignerInput): SignedHeaders;
}

/** Compiles a provider with its secrets into a signer. Throws ConfigError like `createVerifier`. */
export function createSigner(options: SignerOptions): Signer {
  const config = resolveConfig(options);
  const signer = compileSigner(config);
  const run = nodeSigner(signer);
  const { provider } = config;
  const idHeader = signer.carriesId === true ? undefined : headerOf(provider.eventId);
  const typeHeader = headerOf(provider.eventType);

  return {
    provider,
    sign(input) {
      const { id, type, method, url, headers, body } = input;
      if (!isBody(body)) throw new ConfigError("body", "must be bytes (Uint8Array) or a string");
      const prepared = signer.prepare({ id, type, method, url, headers, body, timestampMs: timestampMs(input.timestampSeconds), sha256 });
      const signed = prepared.finish(run(prepared.content));
      addHeader(signed, idHeader, "id", id);
      addHeader(signed, typeHeader, "type", type);
      return signed;
    },
  };
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
