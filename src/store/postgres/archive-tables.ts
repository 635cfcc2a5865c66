// Where each field of the archive stands in these tables: one list that reading, writing and the test of completeness share.
import { columnsOf, type Field, type Section } from "../archive.ts";

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
    places: columnsOf("config"),
  },
  revisions: {
    // Rows are only ever added and deleted, and nobody does either while an archive is open.
    key: "t.ctid",
    keyType: "tid",
    start: "(0,0)",
    size: null,
    from: "config_revisions t",
    places: columnsOf("revisions"),
  },
  health: {
    key: "t.destination_id",
    keyType: "text",
    start: "",
    size: null,
    from: "destination_health t",
    places: columnsOf("health"),
  },
  events: {
    ...bySeq,
    size: "octet_length(t.body) + octet_length(t.envelope)",
    from: "events t",
    places: {
      ...columnsOf("events"),
      dispatched: { read: "NOT EXISTS (SELECT 1 FROM undispatched u WHERE u.seq = t.seq)" },
    },
  },
  dedupe: {
    key: "t.key",
    keyType: "text",
    start: "",
    size: null,
    from: "dedupe t",
    places: columnsOf("dedupe"),
  },
  requests: {
    ...bySeq,
    size: "octet_length(t.body) + octet_length(t.envelope)",
    from: "requests t",
    places: columnsOf("requests"),
  },
  deliveries: {
    ...bySeq,
    size: null,
    from: DELIVERIES,
    places: {
      ...columnsOf("deliveries"),
      inLine: { read: "t.in_line" },
    },
  },
  attempts: {
    ...bySeq,
    size: "coalesce(octet_length(t.response_body), 0) + octet_length(t.request)",
    from: "attempts t",
    places: columnsOf("attempts"),
  },
  jobs: { ...bySeq, size: null, from: "jobs t", places: columnsOf("jobs") },
  idempotency: {
    key: "t.key",
    keyType: "text",
    start: "",
    size: null,
    from: "idempotency t",
    places: columnsOf("idempotency"),
  },
};
