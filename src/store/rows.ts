// Rows to domain values and back: the one place that knows how a record is laid out, in every adapter.
import { type PackedFacts, packFacts, unpackFacts } from "../core/attempt-facts.ts";
import type { Attempt, Delivery, DeliveryState, DeliveryTrigger } from "../core/delivery.ts";
import type { Event, EventHead, RequestHead } from "../core/event.ts";
import { formatId, type IdParts } from "../core/id.ts";
import type { WorkClass } from "../core/lane.ts";
import type { RejectionCause } from "../core/source.ts";
import type { RequestRecord, RequestRecordHead } from "./store.ts";

/** A column value as node:sqlite gives and takes it. */
export type Cell = string | number | null | Uint8Array;
export type Row = Cell[];

export const STATES: readonly DeliveryState[] = ["waiting", "delivered", "dead", "cancelled"];

export const STATE_CODE: Record<DeliveryState, number> = { waiting: 0, delivered: 1, dead: 2, cancelled: 3 };

/** Also in the migration that brought the column: these numbers never change. */
export const LANE_CODE: Record<WorkClass, number> = { fresh: 0, retry: 1, replay: 2 };

/** Added to the lane of a delivery that an earlier one of its line keeps back. */
export const BLOCKED_LANE = 3;

type Envelope = [
  method: string,
  pathTail: string,
  query: string,
  remoteAddress: string,
  headers: string[],
  occurredAt?: number | null,
  /** Of an event whose request is a row of its own. */
  requestSeq?: number | null,
  requestTail?: string | null,
  deliverBefore?: number,
];

/** Everything of a request but its body, as one JSON text: six fewer columns to bind on the hottest insert. */
export function packEnvelope(
  request: RequestHead,
  occurredAt: number | null = null,
  splitFrom: IdParts | null = null,
  deliverBefore: number | null = null,
): string {
  const envelope: Envelope = [request.method, request.pathTail, request.query, request.remoteAddress, request.headers];
  if (occurredAt !== null || splitFrom !== null || deliverBefore !== null) envelope.push(occurredAt);
  if (splitFrom !== null || deliverBefore !== null) envelope.push(splitFrom?.seq ?? null, splitFrom?.tail ?? null);
  if (deliverBefore !== null) envelope.push(deliverBefore);
  return JSON.stringify(envelope);
}

function requestHeadFrom(envelopeText: Cell): RequestHead {
  return headOf(JSON.parse(envelopeText as string) as Envelope);
}

function headOf([method, pathTail, query, remoteAddress, headers]: Envelope): RequestHead {
  return { method, pathTail, query, remoteAddress, headers };
}

/** A plain request is its event's row, under the same number; what was published came in no request of its own. */
export function requestIdOf(sourceId: string | null, event: IdParts, splitFrom: IdParts | null): string | null {
  return sourceId === null ? null : formatId("req", splitFrom ?? event);
}

const EVENT_HEAD_COLUMNS =
  "e.seq, e.tail, e.source_id, e.tenant_id, e.type, e.key, e.provider_event_id, e.channels, e.deliver_at, e.received_at, e.envelope, length(e.body)";

export const EVENT_COLUMNS = `${EVENT_HEAD_COLUMNS}, e.body`;
export { EVENT_HEAD_COLUMNS };

type EventHeadRow = [
  seq: number,
  tail: string,
  sourceId: string | null,
  tenantId: string | null,
  type: string,
  key: string | null,
  providerEventId: string | null,
  channels: string | null,
  deliverAt: number | null,
  receivedAt: number,
  envelope: string,
  bodyBytes: number,
];

export function eventHeadFrom(row: Row): EventHead {
  const [seq, tail, sourceId, tenantId, type, key, providerEventId, channels, deliverAt, receivedAt, envelopeText, bodyBytes] =
    row as EventHeadRow;
  const envelope = JSON.parse(envelopeText) as Envelope;
  const [, , , , , occurredAt = null, requestSeq = null, requestTail, deliverBefore = null] = envelope;
  return {
    id: formatId("evt", { seq, tail }),
    seq,
    sourceId,
    tenantId,
    type,
    key,
    providerEventId,
    channels: channels === null ? [] : (JSON.parse(channels) as string[]),
    deliverAt,
    deliverBefore,
    requestId: requestIdOf(sourceId, { seq, tail }, requestSeq === null ? null : { seq: requestSeq, tail: requestTail ?? "" }),
    receivedAt,
    occurredAt,
    request: headOf(envelope),
    bodyBytes,
  };
}

export function eventFrom(row: Row): Event {
  const head = eventHeadFrom(row);
  return { ...head, request: { ...head.request, body: row[12] as Uint8Array } };
}

/** Events on their way between threads: one buffer for all bodies is handed over, where one per body would be copied. */
export interface PackedEvents {
  /** Rows without their body column. */
  heads: Row[];
  bodies: ArrayBuffer;
}

export function packEvents(rows: Row[]): PackedEvents {
  let bytes = 0;
  for (const row of rows) bytes += (row[12] as Uint8Array).byteLength;
  const bodies = new Uint8Array(bytes);
  let offset = 0;
  for (const row of rows) {
    const body = row.pop() as Uint8Array;
    bodies.set(body, offset);
    offset += body.byteLength;
  }
  return { heads: rows, bodies: bodies.buffer };
}

export function eventsFrom({ heads, bodies }: PackedEvents): Event[] {
  let offset = 0;
  return heads.map((row) => {
    const head = eventHeadFrom(row);
    const body = new Uint8Array(bodies, offset, head.bodyBytes);
    offset += head.bodyBytes;
    return { ...head, request: { ...head.request, body } };
  });
}

export const DELIVERY_COLUMNS =
  "d.seq, d.tail, d.event_seq, e.tail, d.destination_id, d.subscription_id, d.state, d.attempts, d.next_at, d.reason, d.trigger, d.job_id, d.finished_at, d.attempts_before, d.expires_at, d.order_key, d.late, d.lane";

export function deliveryFrom(row: Row, createdAtOf: (seq: number) => number): Delivery {
  const [
    seq,
    tail,
    eventSeq,
    eventTail,
    destinationId,
    subscriptionId,
    state,
    attempts,
    nextAt,
    reason,
    trigger,
    jobId,
    finishedAt,
    attemptsBefore,
    expiresAt,
    orderKey,
    late,
    lane,
  ] = row as [
    number,
    string,
    number,
    string,
    string,
    string | null,
    number,
    number,
    number | null,
    string | null,
    string,
    string | null,
    number | null,
    number,
    number | null,
    string | null,
    number,
    number,
  ];
  return {
    id: formatId("dlv", { seq, tail }),
    seq,
    eventId: formatId("evt", { seq: eventSeq, tail: eventTail }),
    eventSeq,
    destinationId,
    subscriptionId,
    state: STATES[state]!,
    attempts,
    attemptsBefore,
    nextAttemptAt: nextAt,
    expiresAt,
    reason,
    trigger: trigger as DeliveryTrigger,
    jobId,
    order: orderKey === null ? null : { key: orderKey, late: late === 1, blocked: state === STATE_CODE.waiting && lane >= BLOCKED_LANE },
    createdAt: createdAtOf(seq),
    finishedAt,
  };
}

export const ATTEMPT_COLUMNS =
  "a.seq, a.tail, a.number, a.started_at, a.duration_ms, a.request, a.status, a.failure, a.message, a.response_headers, a.response_body, a.truncated, d.seq, d.tail, d.destination_id, e.seq, e.tail";

/** What was sent, and behind it what is known of how: one JSON text, because both are only ever read together. */
export function packAttemptRequest({ request, facts }: Pick<Attempt, "request" | "facts">): string {
  const { method, url, headers } = request;
  return JSON.stringify(facts === undefined ? [method, url, headers] : [method, url, headers, packFacts(facts)]);
}

export function attemptFrom(row: Row): Attempt {
  const [
    seq,
    tail,
    number,
    startedAt,
    durationMs,
    request,
    status,
    failure,
    message,
    headers,
    body,
    truncated,
    deliverySeq,
    deliveryTail,
    destinationId,
    eventSeq,
    eventTail,
  ] = row as [
    number,
    string,
    number,
    number,
    number,
    string,
    number | null,
    string | null,
    string | null,
    string | null,
    Uint8Array | null,
    number,
    number,
    string,
    string,
    number,
    string,
  ];
  const [method, url, requestHeaders, facts] = JSON.parse(request) as [string, string, string[], PackedFacts?];
  return {
    id: formatId("att", { seq, tail }),
    deliveryId: formatId("dlv", { seq: deliverySeq, tail: deliveryTail }),
    eventId: formatId("evt", { seq: eventSeq, tail: eventTail }),
    destinationId,
    number,
    startedAt,
    durationMs,
    request: { method, url, headers: requestHeaders },
    result:
      status === null
        ? { kind: "failure", failure: failure ?? "network_error", message: message ?? "" }
        : {
            kind: "response",
            status,
            headers: JSON.parse(headers ?? "[]") as string[],
            body: body ?? new Uint8Array(0),
            truncated: truncated === 1,
          },
    ...(facts === undefined ? {} : { facts: unpackFacts(facts) }),
  };
}

/** Columns of plain accepted requests: an event's row is also its request's record, under the same number. */
export const ACCEPTED_REQUEST_COLUMNS =
  "e.seq, e.tail, e.source_id, 'accepted', NULL, NULL, e.seq, e.tail, e.received_at, length(e.body), e.envelope";

export const OTHER_REQUEST_COLUMNS =
  "r.seq, r.tail, r.source_id, r.outcome, r.cause, r.message, r.event_seq, r.event_tail, r.received_at, r.body_bytes, r.envelope";

export function requestHeadRecordFrom(row: Row): RequestRecordHead {
  const [seq, tail, sourceId, outcome, cause, message, eventSeq, eventTail, receivedAt, bodyBytes, envelope] = row as [
    number,
    string,
    string | null,
    string,
    string | null,
    string | null,
    number | null,
    string | null,
    number,
    number,
    string,
  ];
  return {
    id: formatId("req", { seq, tail }),
    sourceId,
    outcome: outcome as RequestRecord["outcome"],
    cause: cause as RejectionCause | null,
    message,
    eventId: eventSeq === null || eventTail === null ? null : formatId("evt", { seq: eventSeq, tail: eventTail }),
    receivedAt,
    bodyBytes,
    request: requestHeadFrom(envelope),
  };
}

/** A record whose row carries two more columns at its end: the body, and the events of a split one. */
export function requestRecordFrom(row: Row): RequestRecord {
  const head = requestHeadRecordFrom(row);
  return {
    ...head,
    eventIds: eventIdsFrom(head.eventId, row[12] as string | null),
    request: { ...head.request, body: row[11] as Uint8Array },
  };
}

function eventIdsFrom(eventId: string | null, items: string | null): string[] {
  if (items === null) return eventId === null ? [] : [eventId];
  return (JSON.parse(items) as [number, string][]).map(([seq, tail]) => formatId("evt", { seq, tail }));
}
