// Where each field of the archive stands in these tables: one list that reading, writing and the test of completeness share.
import type { Field, Section } from "../archive.ts";

/** A column that is read and written, or an expression that is only read. */
export type Place = string | { read: string };

export interface ArchiveTable<F extends string = string> {
  table: string;
  /** With its joins; `t` is the table itself. */
  from: string;
  /** Ascends in the order of reading, and an index has it wherever a table can be large. */
  key: string;
  /** Below every key. */
  start: number | string;
  places: Record<F, Place>;
}

const DISPATCHED = `t.seq <= (SELECT value FROM progress WHERE name = 'dispatched_through')
  OR EXISTS (SELECT 1 FROM progress p WHERE p.name = 'dispatched:' || t.seq)`;

/** `marks` and `frontiers` stand in no table of their own. */
export type TableSection = Exclude<Section, "marks" | "frontiers">;

export const ARCHIVE_TABLES: { [S in TableSection]: ArchiveTable<Field<S>> } = {
  config: {
    table: "config",
    from: "config t",
    // A blank sorts before every letter of a kind, so this is the order of (kind, id).
    key: "t.kind || ' ' || t.id",
    start: "",
    places: { kind: "kind", id: "id", doc: "doc", sealed: "sealed" },
  },
  revisions: {
    table: "config_revisions",
    from: "config_revisions t",
    key: "t.rowid",
    start: 0,
    places: { kind: "kind", id: "id", replacedAt: "replaced_at", doc: "doc" },
  },
  health: {
    table: "destination_health",
    from: "destination_health t",
    key: "t.destination_id",
    start: "",
    places: { destinationId: "destination_id", breaker: "breaker" },
  },
  events: {
    table: "events",
    from: "events t",
    key: "t.seq",
    start: -1,
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
      // Seqs are given by one process here, so their order is the order of acceptance.
      position: { read: "NULL" },
      dispatched: { read: DISPATCHED },
      body: "body",
    },
  },
  dedupe: {
    table: "dedupe",
    from: "dedupe t JOIN events e ON e.seq = t.event_seq",
    key: "t.key",
    start: "",
    places: { key: "key", eventSeq: "event_seq", eventTail: { read: "e.tail" }, at: "at" },
  },
  requests: {
    table: "requests",
    from: "requests t",
    key: "t.seq",
    start: -1,
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
    table: "deliveries",
    from: "deliveries t JOIN events e ON e.seq = t.event_seq",
    key: "t.seq",
    start: -1,
    places: {
      seq: "seq",
      tail: "tail",
      eventSeq: "event_seq",
      eventTail: { read: "e.tail" },
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
      inLine: "in_line",
      orderBy: "order_by",
      orderAt: "order_at",
      // Of one place, seqs go in the order in which they were put there: one process gives them.
      orderPlace: { read: "NULL" },
      orderTie: { read: "NULL" },
      released: "released",
    },
  },
  attempts: {
    table: "attempts",
    from: "attempts t JOIN deliveries d ON d.seq = t.delivery_seq JOIN events e ON e.seq = d.event_seq",
    key: "t.seq",
    start: -1,
    places: {
      seq: "seq",
      tail: "tail",
      deliverySeq: "delivery_seq",
      deliveryTail: { read: "d.tail" },
      eventSeq: { read: "e.seq" },
      eventTail: { read: "e.tail" },
      destinationId: { read: "d.destination_id" },
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
  jobs: {
    table: "jobs",
    from: "jobs t",
    key: "t.seq",
    start: -1,
    places: { seq: "seq", id: "id", status: "status", doc: "doc" },
  },
  idempotency: {
    table: "idempotency",
    from: "idempotency t",
    key: "t.key",
    start: "",
    places: { key: "key", fingerprint: "fingerprint", response: "response", createdAt: "created_at" },
  },
};
