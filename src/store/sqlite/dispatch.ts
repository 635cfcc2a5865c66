// SQL of the dispatch step: undispatched events out, deliveries in.
import type { DatabaseSync } from "node:sqlite";
import { LATE_REASON } from "../../core/delivery.ts";
import type { OrderPlace } from "../store.ts";
import type { OrderWrites } from "./order.ts";
import { BLOCKED_LANE, EVENT_COLUMNS, LANE_CODE, packEvents, type Row } from "../rows.ts";

/** Values of a new delivery: seq, tail, event seq, destination, subscription, next attempt at, trigger, job, expires at; and its order. */
export type NewDeliveryRow = [
  number,
  string,
  number,
  string,
  string | null,
  number,
  string,
  string | null,
  number | null,
  OrderPlace | null,
];

/** What became of a new row that goes in an order: its place in the batch, and whether it is late and blocked. */
export type OrderMark = [index: number, late: boolean, blocked: boolean];

export function createDispatchReads(database: DatabaseSync) {
  const undispatched = database.prepare(
    `SELECT ${EVENT_COLUMNS} FROM events e
     WHERE e.seq > (SELECT value FROM progress WHERE name = 'dispatched_through')
       AND NOT EXISTS (SELECT 1 FROM progress p WHERE p.name = 'dispatched:' || e.seq) ORDER BY e.seq LIMIT ?`,
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

export function createDispatchWrites(database: DatabaseSync, currentVersion: () => number, order: OrderWrites) {
  const insert = database.prepare(
    `INSERT INTO deliveries (seq, tail, event_seq, destination_id, subscription_id, next_at, trigger, job_id, expires_at, lane)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, CASE ?7 WHEN 'replay' THEN ${LANE_CODE.replay} ELSE ${LANE_CODE.fresh} END)`,
  );
  const insertOrdered = database.prepare(
    `INSERT INTO deliveries (seq, tail, event_seq, destination_id, subscription_id, next_at, trigger, job_id, expires_at, lane,
       order_key, order_at, order_by, late, reason, in_line)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 + CASE ?7 WHEN 'replay' THEN ${LANE_CODE.replay} ELSE ${LANE_CODE.fresh} END,
       ?11, ?12, ?13, ?14, ?15, 1)`,
  );
  const advance = database.prepare("UPDATE progress SET value = ? WHERE name = 'dispatched_through' AND value < ?");

  function insertDeliveries(rows: NewDeliveryRow[]): OrderMark[] {
    const marks: OrderMark[] = [];
    for (const [index, row] of rows.entries()) {
      const [seq, tail, eventSeq, destinationId, subscriptionId, nextAt, trigger, jobId, expiresAt, place] = row;
      const plain = [seq, tail, eventSeq, destinationId, subscriptionId, nextAt, trigger, jobId, expiresAt] as const;
      if (place === null) {
        insert.run(...plain);
        continue;
      }
      const { at, by, late, blocked } = order.place(destinationId, jobId, place);
      insertOrdered.run(...plain, blocked ? BLOCKED_LANE : 0, place.key, at, by, late ? 1 : 0, late ? LATE_REASON : null);
      marks.push([index, late, blocked]);
    }
    return marks;
  }

  return {
    insertDeliveries,
    /** Null when the configuration has changed since the events were routed; then nothing is written. */
    commitDispatch(throughSeq: number, rows: NewDeliveryRow[], configVersion: number | null): OrderMark[] | null {
      if (configVersion !== null && configVersion !== currentVersion()) return null;
      const marks = insertDeliveries(rows);
      advance.run(throughSeq, throughSeq);
      return marks;
    },
  };
}
