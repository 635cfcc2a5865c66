// accept: bytes → limits → verify → dedupe → committed event → 2xx. Two doors, one step: a provider's hook and the publish API.
import { providers, type VerifyCause } from "@posthorn/sdk";
import type { RawRequest, RequestHead } from "../core/event.ts";
import { checkSourceAuth } from "../core/source-auth.ts";
import type { RejectionCause, Source } from "../core/source.ts";
import type { Logger } from "../log.ts";
import { type AcceptOutcome, type Store, StoreUnavailableError } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import type { CompiledResponse, LiveSource } from "./catalog-source.ts";
import type { Catalog } from "./catalog.ts";
import { type Counters, count } from "./counters.ts";
import { credentialsOf, withoutCredentials } from "./credentials.ts";
import type { Dispatcher } from "./dispatch.ts";
import { factsNeedBody, readFacts } from "./facts.ts";
import type { PublishDraft } from "./flow.ts";
import { type FactRules, LARGE_BODY_BYTES, type LargeBodies } from "./large-bodies.ts";
import type { Rejections } from "./rejections.ts";
import type { Tail } from "./tail.ts";

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

export type AcceptAnswer =
  | { kind: "accepted"; response: CompiledResponse; eventId: string; duplicate: boolean }
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
    const failure = verify(live, request, now);
    if (failure !== null) {
      refuse(source, failure.cause, failure.message, request, request.body, request.body.byteLength);
      return { kind: "rejected", cause: failure.cause };
    }
    const { type, key, providerEventId, dedupeKey } = isLarge(source, request)
      ? await largeBodies.facts(rulesOf(source), request)
      : readFacts({ provider: source.provider, dedupe: live.dedupe, keyOf: live.keyOf }, request);
    const outcome = await store.accept({
      sourceId: source.id,
      tenantId: null,
      type,
      key,
      providerEventId,
      channels: [],
      deliverAt: null,
      receivedAt: now,
      request: withoutCredentials(request, credentialsOf(source)),
      dedupe: dedupeKey === null ? null : { key: dedupeKey, windowMs: live.dedupe!.windowMs },
    });
    return answerOf(outcome, live, now);
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
  if (!live.methods.has(arrival.method)) {
    return refused("method_not_allowed", `${arrival.method} is not among ${source.allowedMethods.join(", ")}.`);
  }
  if (!live.allowsContentType(arrival.contentType)) {
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

/** Null when the request may come in. A credential can stand for the signature, or be asked for on top of it. */
function verify(live: LiveSource, request: RawRequest, now: number): { cause: RejectionCause; message: string } | null {
  const { auth } = live.source;
  const verdict = checkSourceAuth(auth, request.headers);
  switch (verdict) {
    case "right":
      if (auth.kind !== "none" && !auth.required) return null;
      break;
    case "wrong":
      return { cause: "wrong_credentials", message: "The credential in the request is not the source's." };
    case "duplicate":
      return { cause: "duplicate_header", message: "The header with the credential is there more than once." };
    case "missing":
      if (auth.kind !== "none" && auth.required)
        return { cause: "missing_header", message: "The credential the source requires is absent." };
      // An alternative to a signature needs a signature to be the alternative of.
      if (live.source.provider === "none")
        return { cause: "missing_header", message: "The request carries neither a credential nor a signature." };
      break;
    case "not_asked":
      break;
  }
  const verified = live.verify({ method: request.method, headers: request.headers, body: request.body, url: requestUrl(request) }, now);
  return verified.ok ? null : { cause: rejectionCause(verified.cause), message: `${verified.cause}: ${verified.message}` };
}

/** Enough of a URL for a token in the query; schemes that sign the URL get the public one from the source's params. */
export function requestUrl(request: RawRequest): string {
  return request.query === "" ? "http://localhost/" : `http://localhost/?${request.query}`;
}

function rejectionCause(cause: VerifyCause): RejectionCause {
  switch (cause) {
    case "missing_header":
    case "duplicate_header":
      return cause;
    case "timestamp_too_old":
    case "timestamp_in_future":
      return "stale_timestamp";
    case "wrong_token":
    case "wrong_credentials":
      return "wrong_credentials";
    case "algorithm_not_allowed":
    case "claim_mismatch":
    case "untrusted_key_source":
    case "unknown_key":
    case "key_unavailable":
    case "malformed_signature":
    case "malformed_timestamp":
    case "signature_mismatch":
    case "unknown_signature_version":
    case "no_secret":
    case "invalid_config":
    case "malformed_request":
      return "bad_signature";
  }
}
