// Where each field of the archive stands in these tables: one list that reading, writing and the test of completeness share.
import type { Field, Section } from "../archive.ts";

/** A column that is read and written; or an expression that is only read. */
export type Place = string | { read: string };

export interface ArchiveTable<F extends string = string> {
  /** Ascends in the order of reading; an index has it wherever a table can be large. */
  key: string;
  keyType: "bigint" | "text" | "tid";
  /** Below every key. */
  start: string;
  /** Of a table with bodies: what a row takes, known without fetching it. */
  size: string | null;
  from: string;
  places: Record<F, Place>;
}

const bySeq = { key: "t.seq", keyType: "bigint", start: "-1" } as const;

// Ended deliveries have no lane and stand in no line, and waiting ones have no end.
const DELIVERIES = `(
  SELECT seq, tail, event_seq, event_tail, destination_id, subscription_id, 0 AS state, lane, attempts, next_at, reason, trigger, job_id,
    attempts_before, expires_at, NULL::bigint AS finished_at, order_key, late, line IS NOT NULL AS in_line, order_by,
    CASE WHEN line IS NOT NULL THEN order_at END AS order_at, CASE WHEN line IS NOT NULL THEN order_place END AS order_place,
    CASE WHEN line IS NOT NULL THEN order_tie END AS order_tie, released
  FROM deliveries
  UNION ALL
  SELECT seq, tail, event_seq, event_tail, destination_id, subscription_id, state, NULL::smallint, attempts, NULL::bigint, reason, trigger, job_id,
    attempts_before, expires_at, finished_at, order_key, late, false, 0::smallint, NULL::bigint, NULL::bigint, NULL::bigint, false
  FROM deliveries_done
) t`;

/** `marks` stand in no table of their own, and rows of `frontiers` do not say whose they are. */
export type TableSection = Exclude<Section, "marks" | "frontiers">;

export const ARCHIVE_TABLES: { [S in TableSection]: ArchiveTable<Field<S>> } = {
  config: {
    // A blank sorts before every letter of a kind, so this is the order of (kind, id).
    key: "t.kind || ' ' || t.id",
    keyType: "text",
    start: "",
    size: null,
    from: "config t",
    places: { kind: "kind", id: "id", doc: "doc", sealed: "sealed" },
  },
  revisions: {
    // Rows are only ever added and deleted, and nobody does either while an archive is open.
    key: "t.ctid",
    keyType: "tid",
    start: "(0,0)",
    size: null,
    from: "config_revisions t",
    places: { kind: "kind", id: "id", replacedAt: "replaced_at", doc: "doc" },
  },
  health: {
    key: "t.destination_id",
    keyType: "text",
    start: "",
    size: null,
    from: "destination_health t",
    places: { destinationId: "destination_id", breaker: "breaker" },
  },
  events: {
    ...bySeq,
    size: "octet_length(t.body) + octet_length(t.envelope)",
    from: "events t",
    places: {
      seq: "seq",
      tail: "tail",
      sourceId: "source_id",
      tenantId: "tenant_id",
      type: "type",
      key: "key",
      providerEventId: "provider_event_id",
      channels: "channels",
      deliverAt: "deliver_at",
      receivedAt: "received_at",
      dedupeKey: "dedupe_key",
      envelope: "envelope",
      requestSeq: "request_seq",
      position: "position",
      dispatched: { read: "NOT EXISTS (SELECT 1 FROM undispatched u WHERE u.seq = t.seq)" },
      body: "body",
    },
  },
  dedupe: {
    key: "t.key",
    keyType: "text",
    start: "",
    size: null,
    from: "dedupe t",
    places: { key: "key", eventSeq: "event_seq", eventTail: "event_tail", at: "at" },
  },
  requests: {
    ...bySeq,
    size: "octet_length(t.body) + octet_length(t.envelope)",
    from: "requests t",
    places: {
      seq: "seq",
      tail: "tail",
      sourceId: "source_id",
      outcome: "outcome",
      cause: "cause",
      message: "message",
      eventSeq: "event_seq",
      eventTail: "event_tail",
      receivedAt: "received_at",
      bodyBytes: "body_bytes",
      envelope: "envelope",
      items: "items",
      body: "body",
    },
  },
  deliveries: {
    ...bySeq,
    size: null,
    from: DELIVERIES,
    places: {
      seq: "seq",
      tail: "tail",
      eventSeq: "event_seq",
      eventTail: "event_tail",
      destinationId: "destination_id",
      subscriptionId: "subscription_id",
      state: "state",
      lane: "lane",
      attempts: "attempts",
      nextAt: "next_at",
      reason: "reason",
      trigger: "trigger",
      jobId: "job_id",
      attemptsBefore: "attempts_before",
      expiresAt: "expires_at",
      finishedAt: "finished_at",
      orderKey: "order_key",
      late: "late",
      inLine: { read: "t.in_line" },
      orderBy: "order_by",
      orderAt: "order_at",
      orderPlace: "order_place",
      orderTie: "order_tie",
      released: "released",
    },
  },
  attempts: {
    ...bySeq,
    size: "coalesce(octet_length(t.response_body), 0) + octet_length(t.request)",
    from: "attempts t",
    places: {
      seq: "seq",
      tail: "tail",
      deliverySeq: "delivery_seq",
      deliveryTail: "delivery_tail",
      eventSeq: "event_seq",
      eventTail: "event_tail",
      destinationId: "destination_id",
      number: "number",
      startedAt: "started_at",
      durationMs: "duration_ms",
      request: "request",
      status: "status",
      failure: "failure",
      message: "message",
      responseHeaders: "response_headers",
      responseBody: "response_body",
      truncated: "truncated",
    },
  },
  jobs: { ...bySeq, size: null, from: "jobs t", places: { seq: "seq", id: "id", status: "status", doc: "doc" } },
  idempotency: {
    key: "t.key",
    keyType: "text",
    start: "",
    size: null,
    from: "idempotency t",
    places: { key: "key", fingerprint: "fingerprint", response: "response", createdAt: "created_at" },
  },
};
