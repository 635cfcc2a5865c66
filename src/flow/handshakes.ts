// Answers the requests by which vendors test an endpoint, and lets happen what they ask for beside the answer.
import type { HandshakeAnswer, HandshakeEffect, HandshakePhase } from "@posthorn/sdk";
import type { RawRequest } from "../core/event.ts";
import type { Source } from "../core/source.ts";
import type { Logger } from "../log.ts";
import type { Transport } from "../outbound/transport.ts";
import type { Clock } from "../system/clock.ts";
import type { CompiledResponse, LiveSource } from "./catalog-source.ts";
import type { Catalog } from "./catalog.ts";
import { webhookRequest } from "./verification.ts";

const CONFIRM_DEADLINE_MS = 5_000;
const CONNECT_TIMEOUT_MS = 3_000;
const ANSWER_BYTES_MAX = 16 * 1024;
const TRY_AGAIN_SECONDS = "60";

export interface Handshaken {
  response: CompiledResponse;
  /** What it was and what became of it, for the owner of the source. */
  message: string;
  /** Refused: the caller asked for something the source does not grant. */
  refused: boolean;
  /** The secret it brought, which must not be kept with the request; null for none. */
  secret: string | null;
}

export interface Handshakes {
  /** Null when the request is no handshake of the source's provider in this phase. */
  answer(live: LiveSource, request: RawRequest, phase: HandshakePhase): Promise<Handshaken> | null;
}

export interface HandshakesOptions {
  catalog: Pick<Catalog, "updateSource">;
  transport: Transport;
  clock: Clock;
  log: Logger;
}

/** What came of an effect, as a sentence. `failed`: the sender should try again. */
interface EffectResult {
  failed: boolean;
  message: string;
}

export function createHandshakes({ catalog, transport, clock, log }: HandshakesOptions): Handshakes {
  async function carryOut(source: Source, answer: HandshakeAnswer): Promise<Handshaken> {
    const { name, effect, refused } = answer;
    const response = responseOf(answer);
    const secret = effect?.kind === "learn-secret" ? effect.secret : null;
    if (refused !== undefined) return { response, message: `${name}: ${refused}`, refused: answer.status >= 400, secret };
    const result = effect === undefined ? { failed: false, message: "" } : await letHappen(source, effect);
    if (!result.failed) return { response, message: `Answered the ${name}. ${result.message}`.trim(), refused: false, secret };
    log.warn({ sourceId: source.id, handshake: name }, result.message);
    const message = `${name}: ${result.message} The sender was asked to try again.`;
    return { response: TRY_AGAIN, message, refused: false, secret };
  }

  function letHappen(source: Source, effect: HandshakeEffect): Promise<EffectResult> {
    return effect.kind === "fetch" ? confirm(transport, effect.url) : learn(source, effect.secret);
  }

  /** It came unsigned, so it never replaces a secret that is there: whoever knows the URL could bring their own. */
  async function learn({ id }: Source, value: string): Promise<EffectResult> {
    let learned = false;
    const saved = await catalog.updateSource(id, (source) => {
      learned = source.secrets.length === 0 && source.publicKey === null;
      return learned ? { ...source, secrets: [{ value, expiresAt: null, learned: true }], updatedAt: clock.now() } : source;
    });
    if (!saved.ok) return { failed: true, message: "The secret it brought could not be saved." };
    return { failed: false, message: learned ? "The secret it brought is the source's now." : "The source kept the secret it has." };
  }

  return {
    answer(live, request, phase) {
      const answer = live.handshaker?.answer(webhookRequest(request), phase);
      return answer === undefined || answer.alsoEvent ? null : carryOut(live.source, answer);
    },
  };
}

/** One guarded GET: the address was checked against the vendor's, and redirects are not followed. */
async function confirm(transport: Transport, url: string): Promise<EffectResult> {
  const exchange = await transport.exchange({
    method: "GET",
    url,
    headers: [],
    body: null,
    deadlineMs: CONFIRM_DEADLINE_MS,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    responseBytesMax: ANSWER_BYTES_MAX,
  });
  if (exchange.kind === "failure") return { failed: true, message: `It could not be confirmed: ${exchange.message}` };
  if (exchange.status >= 200 && exchange.status <= 299) return { failed: false, message: "It was confirmed to the vendor." };
  return { failed: true, message: `The vendor answered the confirmation with status ${exchange.status}.` };
}

function responseOf({ status, headers, body }: HandshakeAnswer): CompiledResponse {
  const flat = headers.flat();
  if (status !== 204) flat.push("content-length", String(Buffer.byteLength(body, "utf8")));
  return { status, headers: flat, body };
}

const TRY_AGAIN: CompiledResponse = { status: 503, headers: ["retry-after", TRY_AGAIN_SECONDS, "content-length", "0"], body: "" };
