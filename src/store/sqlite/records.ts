// SQL of single records by their number.
import type { DatabaseSync } from "node:sqlite";
import {
  ACCEPTED_REQUEST_COLUMNS,
  ATTEMPT_COLUMNS,
  DELIVERY_COLUMNS,
  EVENT_COLUMNS,
  OTHER_REQUEST_COLUMNS,
  packEvents,
  type Row,
} from "../rows.ts";

export function createRecordReads(database: DatabaseSync) {
  const prepare = (sql: string) => {
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    return (...values: (string | number)[]) => (statement.get(...values) as unknown as Row | undefined) ?? null;
  };
  const event = prepare(`SELECT ${EVENT_COLUMNS} FROM events e WHERE e.seq = ? AND e.tail = ?`);
  const accepted = prepare(
    `SELECT ${ACCEPTED_REQUEST_COLUMNS}, e.body, NULL FROM events e WHERE e.seq = ? AND e.tail = ? AND e.request_seq IS NULL`,
  );
  const other = prepare(`SELECT ${OTHER_REQUEST_COLUMNS}, r.body, r.items FROM requests r WHERE r.seq = ? AND r.tail = ?`);
  const delivery = prepare(
    `SELECT ${DELIVERY_COLUMNS} FROM deliveries d JOIN events e ON e.seq = d.event_seq WHERE d.seq = ? AND d.tail = ?`,
  );
  const attempt = prepare(
    `SELECT ${ATTEMPT_COLUMNS} FROM attempts a JOIN deliveries d ON d.seq = a.delivery_seq JOIN events e ON e.seq = d.event_seq
     WHERE a.seq = ? AND a.tail = ?`,
  );
  const bySeq = database.prepare(`SELECT ${EVENT_COLUMNS} FROM events e WHERE e.seq IN (SELECT value FROM json_each(?)) ORDER BY e.seq`);
  bySeq.setReturnArrays(true);
  return {
    event: (seq: number, tail: string) => event(seq, tail),
    request: (seq: number, tail: string) => accepted(seq, tail) ?? other(seq, tail),
    delivery: (seq: number, tail: string) => delivery(seq, tail),
    attempt: (seq: number, tail: string) => attempt(seq, tail),
    eventsBySeq: (seqs: number[]) => packEvents(bySeq.all(JSON.stringify(seqs)) as unknown as Row[]),
  };
}
