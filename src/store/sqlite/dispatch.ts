// SQL of the dispatch step: undispatched events out, deliveries in.
import type { DatabaseSync } from "node:sqlite";
import { EVENT_COLUMNS, LANE_CODE, packEvents, type Row } from "./rows.ts";

/** Values of a new delivery: seq, tail, event seq, destination, subscription, next attempt at, trigger, job. */
export type NewDeliveryRow = [number, string, number, string, string | null, number, string, string | null];

export function createDispatchReads(database: DatabaseSync) {
  const undispatched = database.prepare(
    `SELECT ${EVENT_COLUMNS} FROM events e
     WHERE e.seq > (SELECT value FROM progress WHERE name = 'dispatched_through') ORDER BY e.seq LIMIT ?`,
  );
  undispatched.setReturnArrays(true);
  return {
    undispatched(limit: number, bytesMax: number) {
      const rows: Row[] = [];
      let bytes = 0;
      for (const row of undispatched.iterate(limit) as unknown as Iterable<Row>) {
        rows.push(row);
        bytes += (row.at(-1) as Uint8Array).byteLength;
        if (bytes >= bytesMax) break;
      }
      return packEvents(rows);
    },
  };
}

export function createDispatchWrites(database: DatabaseSync, currentVersion: () => number) {
  const insert = database.prepare(
    `INSERT INTO deliveries (seq, tail, event_seq, destination_id, subscription_id, next_at, trigger, job_id, lane)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, CASE ?7 WHEN 'replay' THEN ${LANE_CODE.replay} ELSE ${LANE_CODE.fresh} END)`,
  );
  const advance = database.prepare("UPDATE progress SET value = ? WHERE name = 'dispatched_through' AND value < ?");

  function insertDeliveries(rows: NewDeliveryRow[]): void {
    for (const row of rows) insert.run(...row);
  }

  return {
    insertDeliveries,
    /** False when the configuration has changed since the events were routed; then nothing is written. */
    commitDispatch(throughSeq: number, rows: NewDeliveryRow[], configVersion: number | null): boolean {
      if (configVersion !== null && configVersion !== currentVersion()) return false;
      insertDeliveries(rows);
      advance.run(throughSeq, throughSeq);
      return true;
    },
  };
}
