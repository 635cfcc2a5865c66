// Verifies requests of vendors that publish their public keys: fetched through the one outbound door and kept.
import {
  ConfigError,
  createKeyring,
  createVerifier,
  type FoundKey,
  type KeyOptions,
  type KeyQuestion,
  type Verifier,
  type VerifyFailure,
  type VerifyResult,
  type WebhookRequest,
} from "@posthorn/sdk";
import type { Transport } from "../outbound/transport.ts";

const FETCH_DEADLINE_MS = 5_000;
const CONNECT_TIMEOUT_MS = 3_000;
const ANSWER_BYTES_MAX = 256 * 1024;
// A source sees one key for weeks and two during a rotation; a list of keys counts as one.
const VERIFIERS_PER_SOURCE_MAX = 4;

/** A source as its vendor's keys need it; one object per version of the source and of the secrets in force. */
export interface KeyedSource extends KeyOptions {
  readonly toleranceSeconds: number | undefined;
}

export interface VendorKeys {
  /** Never rejects. `key_unavailable` says nothing about the request: the sender should try again. */
  verify(source: KeyedSource, request: WebhookRequest, nowMs: number): Promise<VerifyResult>;
  /** The key alone, to find out why a kept request does not verify. */
  find(source: KeyedSource, request: WebhookRequest, nowMs: number): Promise<FoundKey | VerifyFailure>;
}

export function createVendorKeys({ transport }: { transport: Transport }): VendorKeys {
  const keyring = createKeyring({ fetch: (question) => fetchKey(transport, question) });
  const verifiers = new WeakMap<KeyedSource, Map<string, Verifier>>();

  function verifierFor(source: KeyedSource, publicKey: string): Verifier {
    let made = verifiers.get(source);
    if (made === undefined) verifiers.set(source, (made = new Map()));
    let verifier = made.get(publicKey);
    if (verifier === undefined) {
      const { provider, params, toleranceSeconds } = source;
      verifier = createVerifier({ provider, publicKey, params, toleranceSeconds });
      made.set(publicKey, verifier);
      if (made.size > VERIFIERS_PER_SOURCE_MAX) made.delete(made.keys().next().value!);
    }
    return verifier;
  }

  return {
    find: (source, request, nowMs) => keyring.find(source, request, nowMs),
    async verify(source, request, nowMs) {
      try {
        const found = await keyring.find(source, request, nowMs);
        return found.ok ? verifierFor(source, found.publicKey).verify(request, nowMs) : found;
      } catch (error) {
        // The vendor's answer was no key: that is no verdict about the request.
        const message = error instanceof ConfigError ? error.message : "it could not be read";
        return { ok: false, cause: "key_unavailable", message: `The key of ${source.provider.name} is unusable: ${message}` };
      }
    },
  };
}

async function fetchKey(transport: Transport, { method, url, headers, body }: KeyQuestion): Promise<string> {
  const exchange = await transport.exchange({
    method,
    url,
    headers: [...headers, ["accept", "*/*"] as const].flat(),
    body: body === undefined ? null : Buffer.from(body, "utf8"),
    deadlineMs: FETCH_DEADLINE_MS,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    responseBytesMax: ANSWER_BYTES_MAX,
  });
  if (exchange.kind === "failure") throw new Error(exchange.message);
  if (exchange.status !== 200 || exchange.truncated) throw new Error(`it was answered with status ${exchange.status}.`);
  return Buffer.from(exchange.body).toString("utf8");
}
