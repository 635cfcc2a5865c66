// Where each field of the archive stands in these tables: one list that reading, writing and the test of completeness share.
import { columnsOf, type Field, type Section } from "../archive.ts";

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
    places: columnsOf("config"),
  },
  revisions: {
    table: "config_revisions",
    from: "config_revisions t",
    key: "t.rowid",
    start: 0,
    places: columnsOf("revisions"),
  },
  health: {
    table: "destination_health",
    from: "destination_health t",
    key: "t.destination_id",
    start: "",
    places: columnsOf("health"),
  },
  events: {
    table: "events",
    from: "events t",
    key: "t.seq",
    start: -1,
    places: {
      ...columnsOf("events"),
      // Seqs are given by one process here, so their order is the order of acceptance.
      position: { read: "NULL" },
      dispatched: { read: DISPATCHED },
    },
  },
  dedupe: {
    table: "dedupe",
    from: "dedupe t JOIN events e ON e.seq = t.event_seq",
    key: "t.key",
    start: "",
    places: {
      ...columnsOf("dedupe"),
      eventTail: { read: "e.tail" },
    },
  },
  requests: {
    table: "requests",
    from: "requests t",
    key: "t.seq",
    start: -1,
    places: columnsOf("requests"),
  },
  deliveries: {
    table: "deliveries",
    from: "deliveries t JOIN events e ON e.seq = t.event_seq",
    key: "t.seq",
    start: -1,
    places: {
      ...columnsOf("deliveries"),
      eventTail: { read: "e.tail" },
      // Of one place, seqs go in the order in which they were put there: one process gives them.
      orderPlace: { read: "NULL" },
      orderTie: { read: "NULL" },
    },
  },
  attempts: {
    table: "attempts",
    from: "attempts t JOIN deliveries d ON d.seq = t.delivery_seq JOIN events e ON e.seq = d.event_seq",
    key: "t.seq",
    start: -1,
    places: {
      ...columnsOf("attempts"),
      deliveryTail: { read: "d.tail" },
      eventSeq: { read: "e.seq" },
      eventTail: { read: "e.tail" },
      destinationId: { read: "d.destination_id" },
    },
  },
  jobs: {
    table: "jobs",
    from: "jobs t",
    key: "t.seq",
    start: -1,
    places: columnsOf("jobs"),
  },
  idempotency: {
    table: "idempotency",
    from: "idempotency t",
    key: "t.key",
    start: "",
    places: columnsOf("idempotency"),
  },
};
