// accept: bytes → limits → verify → dedupe → committed event → 2xx. Two doors, one step: a provider's hook and the publish API.
import { type HandshakePhase, providers } from "@posthorn/sdk";
import type { RawRequest, RequestHead } from "../core/event.ts";
import type { RejectionCause, Source } from "../core/source.ts";
import type { Logger } from "../log.ts";
import { type AcceptItem, type AcceptOutcome, type SplitOutcome, type Store, StoreUnavailableError } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import type { CompiledResponse, LiveSource } from "./catalog-source.ts";
import type { Catalog } from "./catalog.ts";
import { type Counters, count } from "./counters.ts";
import { CREDENTIAL_MASK, credentialsOf, withoutCredentials } from "./credentials.ts";
import type { Dispatcher } from "./dispatch.ts";
import { type FactReaders, factsNeedBody, readFacts } from "./facts.ts";
import type { PublishDraft } from "./flow.ts";
import type { Handshakes } from "./handshakes.ts";
import { type FactRules, LARGE_BODY_BYTES, type LargeBodies } from "./large-bodies.ts";
import type { Rejections } from "./rejections.ts";
import { splitItems } from "./split.ts";
import type { Tail } from "./tail.ts";
import type { VendorKeys } from "./vendor-keys.ts";
import { type Refusal, verifyRequest } from "./verification.ts";

const NO_BODY = new Uint8Array(0);

/** What is known of a request before its body is read. */
export interface Arrival extends RequestHead {
  token: string;
  contentType: string | undefined;
  /** Null when the request does not say. */
  contentLength: number | null;
}

export type Admission =
  | { ok: true; live: LiveSource; bodyBytesMax: number }
  | { ok: false; cause: RejectionCause; retryAfterSeconds: number | null };

/** Of a split request, `eventId` is its first item's, and `duplicate` says that none of its items was new. */
export type AcceptAnswer =
  | { kind: "accepted"; response: CompiledResponse; eventId: string; duplicate: boolean }
  /** The provider tested the endpoint: nothing became an event. */
  | { kind: "handshake"; response: CompiledResponse }
  | { kind: "rejected"; cause: RejectionCause };

export interface Acceptor {
  /** Every check that needs no body. A refusal is recorded here. */
  admit(arrival: Arrival): Admission;
  /** Verifies and commits; resolves only when the event is on disk, or refused. */
  accept(live: LiveSource, request: RawRequest): Promise<AcceptAnswer>;
  /** Records a refusal that the HTTP side found: too large on the way in, cut off, overloaded. */
  refuse(
    source: Source | null,
    cause: RejectionCause,
    message: string,
    request: RequestHead,
    body: Uint8Array | null,
    bodyBytes: number,
  ): void;
  publish(draft: PublishDraft): Promise<AcceptOutcome>;
}

export interface AcceptOptions {
  store: Store;
  catalog: Catalog;
  dispatcher: Dispatcher;
  rejections: Rejections;
  largeBodies: LargeBodies;
  counters: Counters;
  clock: Clock;
  tail: Tail;
  log: Logger;
  bodyBytesMax: number;
  handshakes: Handshakes;
  vendorKeys: VendorKeys;
}

export function createAcceptor(options: AcceptOptions): Acceptor {
  const { store, catalog, dispatcher, rejections, largeBodies, counters, clock, tail, log } = options;

  function refuse(
    source: Source | null,
    cause: RejectionCause,
    message: string,
    request: RequestHead,
    body: Uint8Array | null,
    bodyBytes: number,
  ): void {
    count(counters.rejected, cause);
    const shown = withoutCredentials({ ...request, body: body ?? NO_BODY }, credentialsOf(source ?? undefined));
    rejections.add({ sourceId: source?.id ?? null, cause, message, receivedAt: clock.now(), bodyBytes, request: shown });
  }

  function admit(arrival: Arrival): Admission {
    const { token, contentType, contentLength, ...head } = arrival;
    const live = catalog.sourceByToken(token);
    const verdict = live === undefined ? UNKNOWN_SOURCE : checkArrival(live, arrival, clock.now(), options.bodyBytesMax);
    if (verdict.ok) return { ok: true, live: live!, bodyBytesMax: verdict.bodyBytesMax };
    refuse(live?.source ?? null, verdict.cause, verdict.message, head, null, contentLength ?? 0);
    return { ok: false, cause: verdict.cause, retryAfterSeconds: verdict.retryAfterSeconds };
  }

  async function accept(live: LiveSource, request: RawRequest): Promise<AcceptAnswer> {
    const { source } = live;
    const now = clock.now();
    const tested = live.handshaker === null ? null : await handshake(live, request, "before");
    if (tested !== null) return tested;
    const verdict = verifyRequest(live, request, now, options.vendorKeys);
    const refusal = verdict instanceof Promise ? await verdict : verdict;
    if (refusal !== null) return reject(source, refusal, request);
    const confirmed = live.handshaker === null ? null : await handshake(live, request, "verified");
    if (confirmed !== null) return confirmed;
    const items = source.split ? await readItems(live, request) : null;
    if (items !== null) return acceptSplit(live, request, items, now);
    const { type, key, providerEventId, dedupeKey, occurredAt } = isLarge(source, request)
      ? await largeBodies.facts(rulesOf(source), request)
      : readFacts(readersOf(live), request);
    const outcome = await store.accept({
      sourceId: source.id,
      tenantId: null,
      type,
      key,
      providerEventId,
      channels: [],
      deliverAt: null,
      receivedAt: now,
      occurredAt,
      request: withoutCredentials(request, credentialsOf(source)),
      dedupe: dedupeKey === null ? null : { key: dedupeKey, windowMs: live.dedupe!.windowMs },
    });
    return answerOf(outcome, live, now);
  }

  function reject(source: Source, { cause, message }: Refusal, request: RawRequest): AcceptAnswer {
    refuse(source, cause, message, request, request.body, request.body.byteLength);
    return { kind: "rejected", cause };
  }

  /** Null when the request is no handshake in this phase. */
  async function handshake(live: LiveSource, request: RawRequest, phase: HandshakePhase): Promise<AcceptAnswer | null> {
    const { source } = live;
    const done = await options.handshakes.answer(live, request, phase);
    if (done === null) {
      // A method that only handshakes use was let in for this question.
      return phase === "before" && !live.methods.has(request.method)
        ? reject(source, methodRefusal(source, request.method), request)
        : null;
    }
    const { response, message, refused: isRefused, secret } = done;
    const kept = secret === null ? request : withoutSecret(request, secret);
    if (isRefused) refuse(source, "handshake_refused", message, kept, kept.body, request.body.byteLength);
    else record(source, message, kept, request.body.byteLength);
    return { kind: "handshake", response };
  }

  function record(source: Source, message: string, request: RawRequest, bodyBytes: number): void {
    counters.handshakes += 1;
    const shown = withoutCredentials(request, credentialsOf(source));
    rejections.handshake({ sourceId: source.id, message, receivedAt: clock.now(), bodyBytes, request: shown });
  }

  async function readItems(live: LiveSource, request: RawRequest): Promise<AcceptItem[] | null> {
    if (request.body.byteLength > LARGE_BODY_BYTES) return largeBodies.items(rulesOf(live.source), request);
    return splitItems(readersOf(live), request);
  }

  async function acceptSplit(live: LiveSource, request: RawRequest, items: AcceptItem[], now: number): Promise<AcceptAnswer> {
    const { source, response } = live;
    const shown = withoutCredentials(request, credentialsOf(source));
    const outcome = await store.acceptSplit({ sourceId: source.id, receivedAt: now, request: shown, items });
    const eventIds = outcome.items.map((item) => hand(withRequest(item, outcome), source.id, now));
    const duplicate = outcome.items.every((item) => item.kind === "duplicate");
    return { kind: "accepted", response, eventId: eventIds[0]!, duplicate };
  }

  function answerOf(outcome: AcceptOutcome, live: LiveSource, now: number): AcceptAnswer {
    const eventId = hand(outcome, live.source.id, now);
    return { kind: "accepted", response: live.response, eventId, duplicate: outcome.kind === "duplicate" };
  }

  /** Tells dispatch and the tail of a commit, and answers the event's id. */
  function hand(outcome: AcceptOutcome, sourceId: string | null, at: number): string {
    if (outcome.kind === "duplicate") {
      counters.duplicates += 1;
      if (tail.active) tail.emit({ kind: "request.duplicate", at, sourceId, eventId: outcome.of, requestId: outcome.requestId });
      return outcome.of;
    }
    const { event } = outcome;
    counters.accepted += 1;
    dispatcher.committed(event);
    if (tail.active) tail.emit({ kind: "event.accepted", at, sourceId, eventId: event.id, type: event.type, bodyBytes: event.bodyBytes });
    return event.id;
  }

  return {
    admit,
    async accept(live, request) {
      try {
        return await accept(live, request);
      } catch (error) {
        // Whatever failed, nothing is known to be on disk: the sender must try again.
        if (!(error instanceof StoreUnavailableError)) log.error({ error, sourceId: live.source.id }, "a request could not be committed");
        return { kind: "rejected", cause: "store_unavailable" };
      }
    },
    refuse,
    async publish(draft) {
      const now = clock.now();
      const outcome = await store.accept({
        sourceId: null,
        tenantId: draft.tenantId,
        type: draft.type,
        key: draft.key,
        providerEventId: null,
        channels: draft.channels,
        deliverAt: draft.deliverAt,
        receivedAt: now,
        occurredAt: null,
        request: {
          method: "POST",
          pathTail: "",
          query: "",
          headers: ["content-type", draft.contentType],
          body: draft.body,
          remoteAddress: draft.remoteAddress,
        },
        dedupe: draft.idempotency === null ? null : { key: `publish:${draft.idempotency.key}`, windowMs: draft.idempotency.windowMs },
      });
      hand(outcome, null, now);
      return outcome;
    },
  };
}

function methodRefusal({ allowedMethods }: Source, method: string): Refusal {
  return { cause: "method_not_allowed", message: `${method} is not among ${allowedMethods.join(", ")}.` };
}

/** A handshake that brought a secret, without it: neither its body nor any header that holds it is kept. */
function withoutSecret(request: RawRequest, secret: string): RawRequest {
  return { ...request, headers: request.headers.map((text) => (text.includes(secret) ? CREDENTIAL_MASK : text)), body: NO_BODY };
}

/** An item's outcome as one of a request: a repeated one is told with the request it came in. */
function withRequest(item: SplitOutcome["items"][number], { requestId }: SplitOutcome): AcceptOutcome {
  return item.kind === "accepted" ? item : { ...item, requestId };
}

function readersOf({ source, dedupe, keyOf }: LiveSource): FactReaders {
  return { provider: source.provider, dedupe, keyOf };
}

function isLarge(source: Source, request: RawRequest): boolean {
  return request.body.byteLength > LARGE_BODY_BYTES && factsNeedBody(source);
}

/** Only what the thread needs, so that no secret travels to it. */
function rulesOf({ id, provider, dedupe, keyFrom }: Source): FactRules {
  return { id, provider, dedupe, keyFrom };
}

type ArrivalVerdict =
  | { ok: true; bodyBytesMax: number }
  | { ok: false; cause: RejectionCause; message: string; retryAfterSeconds: number | null };

function refused(cause: RejectionCause, message: string, retryAfterSeconds: number | null = null): ArrivalVerdict & { ok: false } {
  return { ok: false, cause, message, retryAfterSeconds };
}

const UNKNOWN_SOURCE = refused("unknown_source", "No source has this ingest URL.");

/** The cheap checks, in the order that tells a stranger least. */
function checkArrival(live: LiveSource, arrival: Arrival, now: number, bodyBytesDefault: number): ArrivalVerdict {
  const { source } = live;
  if (!source.enabled) return refused("source_disabled", `The source ${source.name} is disabled.`);
  if (!live.allowsAddress(arrival.remoteAddress)) {
    return refused("ip_not_allowed", `${arrival.remoteAddress} is in none of the ranges the source allows.`);
  }
  const tests = live.handshakeMethods.has(arrival.method);
  if (!live.methods.has(arrival.method) && !tests) {
    const { cause, message } = methodRefusal(source, arrival.method);
    return refused(cause, message);
  }
  // A test of the endpoint often has no body and then no type.
  if (!live.allowsContentType(arrival.contentType) && !(tests && arrival.contentType === undefined)) {
    return refused(
      "content_type_not_allowed",
      `Content type ${arrival.contentType ?? "(none)"} is not among ${source.allowedContentTypes.join(", ")}.`,
    );
  }
  const repeated = repeatedHeader(arrival.headers, source.provider);
  if (repeated !== null) return refused("duplicate_header", `duplicate_header: The header ${repeated} is present more than once.`);
  const bodyBytesMax = source.bodyBytesMax ?? bodyBytesDefault;
  if (arrival.contentLength !== null && arrival.contentLength > bodyBytesMax) {
    return refused("too_large", `The body has ${arrival.contentLength} bytes; the source takes ${bodyBytesMax}.`);
  }
  const token = live.bucket?.take(now);
  if (token !== undefined && !token.ok) {
    return refused("rate_limited", "More requests came than the source's rate limit lets through.", Math.ceil(token.retryAfterMs / 1000));
  }
  return { ok: true, bodyBytesMax };
}

// Of two copies, our rules would read one and a receiver behind us the other. Headers of a signature are the SDK's to count.
const ONCE_ALWAYS = ["host", "content-type"];
const ONCE: ReadonlyMap<string, readonly string[]> = new Map(
  providers.map(({ id, eventId }) => {
    const idHeaders = eventId.filter((at) => at.startsWith("header:")).map((at) => at.slice("header:".length));
    return [id, [...ONCE_ALWAYS, ...idHeaders]];
  }),
);

/** The name of a header that is there twice and must not be; null for none. */
function repeatedHeader(headers: readonly string[], provider: string): string | null {
  const once = ONCE.get(provider) ?? ONCE_ALWAYS;
  let seen = 0;
  for (let i = 0; i < headers.length; i += 2) {
    const header = headers[i]!;
    for (let at = 0; at < once.length; at += 1) {
      const name = once[at]!;
      if (header.length !== name.length || header.toLowerCase() !== name) continue;
      if ((seen & (1 << at)) !== 0) return name;
      seen |= 1 << at;
    }
  }
  return null;
}
