// accept: bytes → limits → verify → dedupe → committed event → 2xx. Two doors, one step: a provider's hook and the publish API.
import type { HandshakePhase } from "@posthorn/sdk";
import type { RawRequest, RequestHead } from "../core/event.ts";
import type { RejectionCause, Source } from "../core/source.ts";
import type { Logger } from "../log.ts";
import { type AcceptItem, type AcceptOutcome, type SplitOutcome, type Store, StoreUnavailableError } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import { type Arrival, checkArrival, methodRefusal, UNKNOWN_SOURCE } from "./arrival.ts";
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
import type { SecondLook } from "./second-look.ts";
import { splitItems } from "./split.ts";
import type { Tail } from "./tail.ts";
import type { VendorKeys } from "./vendor-keys.ts";
import { type Refusal, verifyRequest } from "./verification.ts";

const NO_BODY = new Uint8Array(0);

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
  /**
   * For an ingest URL that is unknown here and that another node may have made just now: resolves after a look, false when
   * there could be none. Null when there is nothing to look for.
   */
  learn(token: string): Promise<boolean> | null;
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
  /** Null where no other node can know more. */
  secondLook: SecondLook | null;
}

export function createAcceptor(options: AcceptOptions): Acceptor {
  return new FlowAcceptor(options);
}

class FlowAcceptor implements Acceptor {
  readonly #options: AcceptOptions;

  constructor(options: AcceptOptions) {
    this.#options = options;
  }

  admit(arrival: Arrival): Admission {
    const { catalog, clock, bodyBytesMax } = this.#options;
    const { token, contentType, contentLength, ...head } = arrival;
    const live = catalog.sourceByToken(token);
    const verdict = live === undefined ? UNKNOWN_SOURCE : checkArrival(live, arrival, clock.now(), bodyBytesMax);
    if (verdict.ok) return { ok: true, live: live!, bodyBytesMax: verdict.bodyBytesMax };
    this.refuse(live?.source ?? null, verdict.cause, verdict.message, head, null, contentLength ?? 0);
    return { ok: false, cause: verdict.cause, retryAfterSeconds: verdict.retryAfterSeconds };
  }

  learn(token: string): Promise<boolean> | null {
    const { secondLook, catalog } = this.#options;
    if (secondLook === null || catalog.sourceByToken(token) !== undefined) return null;
    return secondLook().then(
      () => true,
      () => false,
    );
  }

  async accept(live: LiveSource, request: RawRequest): Promise<AcceptAnswer> {
    try {
      return await this.#accept(live, request);
    } catch (error) {
      // Whatever failed, nothing is known to be on disk: the sender must try again.
      if (!(error instanceof StoreUnavailableError))
        this.#options.log.error({ error, sourceId: live.source.id }, "a request could not be committed");
      return { kind: "rejected", cause: "store_unavailable" };
    }
  }

  refuse(
    source: Source | null,
    cause: RejectionCause,
    message: string,
    request: RequestHead,
    body: Uint8Array | null,
    bodyBytes: number,
  ): void {
    const { counters, rejections, clock } = this.#options;
    count(counters.rejected, cause);
    const shown = withoutCredentials({ ...request, body: body ?? NO_BODY }, credentialsOf(source ?? undefined));
    rejections.add({ sourceId: source?.id ?? null, cause, message, receivedAt: clock.now(), bodyBytes, request: shown });
  }

  async publish(draft: PublishDraft): Promise<AcceptOutcome> {
    const { store, clock } = this.#options;
    const { type, tenantId, key, channels, deliverAt, deliverBefore, contentType, body, remoteAddress, idempotency } = draft;
    const now = clock.now();
    const outcome = await store.accept({
      sourceId: null,
      tenantId,
      type,
      key,
      providerEventId: null,
      channels,
      deliverAt,
      deliverBefore,
      receivedAt: now,
      occurredAt: null,
      request: { method: "POST", pathTail: "", query: "", headers: ["content-type", contentType], body, remoteAddress },
      dedupe: idempotency === null ? null : { key: `publish:${idempotency.key}`, windowMs: idempotency.windowMs },
    });
    this.#hand(outcome, null, now);
    return outcome;
  }

  async #accept(live: LiveSource, request: RawRequest): Promise<AcceptAnswer> {
    const { clock, vendorKeys } = this.#options;
    const now = clock.now();
    const tested = live.handshaker === null ? null : await this.#handshake(live, request, "before");
    if (tested !== null) return tested;
    const verdict = verifyRequest(live, request, now, vendorKeys);
    const refusal = verdict instanceof Promise ? await verdict : verdict;
    if (refusal !== null) return this.#reject(live.source, refusal, request);
    const confirmed = live.handshaker === null ? null : await this.#handshake(live, request, "verified");
    if (confirmed !== null) return confirmed;
    const items = live.source.split ? await this.#readItems(live, request) : null;
    return items === null ? this.#commit(live, request, now) : this.#commitSplit(live, request, items, now);
  }

  #reject(source: Source, { cause, message }: Refusal, request: RawRequest): AcceptAnswer {
    this.refuse(source, cause, message, request, request.body, request.body.byteLength);
    return { kind: "rejected", cause };
  }

  /** Null when the request is no handshake in this phase. */
  async #handshake(live: LiveSource, request: RawRequest, phase: HandshakePhase): Promise<AcceptAnswer | null> {
    const { source } = live;
    const done = await this.#options.handshakes.answer(live, request, phase);
    if (done === null) {
      // A method that only handshakes use was let in for this question.
      const letIn = phase === "before" && !live.methods.has(request.method);
      return letIn ? this.#reject(source, methodRefusal(source, request.method), request) : null;
    }
    const { response, message, refused, secret } = done;
    const kept = secret === null ? request : withoutSecret(request, secret);
    if (refused) this.refuse(source, "handshake_refused", message, kept, kept.body, request.body.byteLength);
    else this.#record(source, message, kept, request.body.byteLength);
    return { kind: "handshake", response };
  }

  #record(source: Source, message: string, request: RawRequest, bodyBytes: number): void {
    const { counters, rejections, clock } = this.#options;
    counters.handshakes += 1;
    const shown = withoutCredentials(request, credentialsOf(source));
    rejections.handshake({ sourceId: source.id, message, receivedAt: clock.now(), bodyBytes, request: shown });
  }

  async #readItems(live: LiveSource, request: RawRequest): Promise<AcceptItem[] | null> {
    if (request.body.byteLength > LARGE_BODY_BYTES) return this.#options.largeBodies.items(rulesOf(live.source), request);
    return splitItems(readersOf(live), request);
  }

  async #commit(live: LiveSource, request: RawRequest, now: number): Promise<AcceptAnswer> {
    const { store, largeBodies } = this.#options;
    const { source } = live;
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
      deliverBefore: null,
      receivedAt: now,
      occurredAt,
      request: withoutCredentials(request, credentialsOf(source)),
      dedupe: dedupeKey === null ? null : { key: dedupeKey, windowMs: live.dedupe!.windowMs },
    });
    const eventId = this.#hand(outcome, source.id, now);
    return { kind: "accepted", response: live.response, eventId, duplicate: outcome.kind === "duplicate" };
  }

  async #commitSplit(live: LiveSource, request: RawRequest, items: AcceptItem[], now: number): Promise<AcceptAnswer> {
    const { source, response } = live;
    const shown = withoutCredentials(request, credentialsOf(source));
    const outcome = await this.#options.store.acceptSplit({ sourceId: source.id, receivedAt: now, request: shown, items });
    const eventIds = outcome.items.map((item) => this.#hand(withRequest(item, outcome), source.id, now));
    const duplicate = outcome.items.every((item) => item.kind === "duplicate");
    return { kind: "accepted", response, eventId: eventIds[0]!, duplicate };
  }

  /** Tells dispatch and the tail of a commit, and answers the event's id. */
  #hand(outcome: AcceptOutcome, sourceId: string | null, at: number): string {
    const { counters, dispatcher, tail } = this.#options;
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
