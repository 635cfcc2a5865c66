// SQL of single records by their number: each names the seq, so that one partition of each table is looked at.
import { parseId } from "../../core/id.ts";
import { attemptFrom, eventFrom, requestRecordFrom, type Row } from "../rows.ts";
import type { Store } from "../store.ts";
import {
  ACCEPTED_REQUEST_COLUMNS,
  ATTEMPT_COLUMNS,
  deliveryOf,
  DONE_COLUMNS,
  EVENT_COLUMNS,
  OTHER_REQUEST_COLUMNS,
  WAITING_COLUMNS,
} from "./columns.ts";
import type { Queries } from "./connection.ts";

type RecordReads = Pick<Store, "event" | "eventsBySeq" | "request" | "delivery" | "attempt">;

const EVENT = `SELECT ${EVENT_COLUMNS} FROM events e WHERE e.seq = $1 AND e.tail = $2`;
// A number is one record's only, so at most one of the two has it.
const REQUEST = `SELECT ${ACCEPTED_REQUEST_COLUMNS}, e.body, NULL::text AS items FROM events e WHERE e.seq = $1 AND e.tail = $2 AND e.request_seq IS NULL
  UNION ALL SELECT ${OTHER_REQUEST_COLUMNS}, r.body, r.items FROM requests r WHERE r.seq = $1 AND r.tail = $2`;
const DELIVERY = `SELECT ${WAITING_COLUMNS} FROM deliveries d WHERE d.seq = $1 AND d.tail = $2
  UNION ALL SELECT ${DONE_COLUMNS} FROM deliveries_done d WHERE d.seq = $1 AND d.tail = $2`;
const ATTEMPT = `SELECT ${ATTEMPT_COLUMNS} FROM attempts a WHERE a.seq = $1 AND a.tail = $2`;
// The bounds leave out the partitions beside them before the planner looks at each number.
const EVENTS_BY_SEQ = `SELECT ${EVENT_COLUMNS} FROM events e WHERE e.seq = ANY($1::bigint[]) AND e.seq >= $2 AND e.seq <= $3 ORDER BY e.seq`;

/** Reads of single records. They belong on the primary, where everybody finds what they have just written. */
export function createRecordReads(queries: Queries): RecordReads {
  async function one<T>(
    prefix: "evt" | "req" | "dlv" | "att",
    id: string,
    statement: { name: string; text: string },
    from: (row: Row) => T,
  ): Promise<T | null> {
    const parts = parseId(prefix, id);
    if (parts === null) return null;
    const [row] = await queries.query({ ...statement, values: [parts.seq, parts.tail] });
    return row === undefined ? null : from(row);
  }
  return {
    event: (id) => one("evt", id, { name: "event_by_id", text: EVENT }, eventFrom),
    request: (id) => one("req", id, { name: "request_by_id", text: REQUEST }, requestRecordFrom),
    delivery: (id) => one("dlv", id, { name: "delivery_by_id", text: DELIVERY }, deliveryOf),
    attempt: (id) => one("att", id, { name: "attempt_by_id", text: ATTEMPT }, attemptFrom),
    async eventsBySeq(seqs) {
      if (seqs.length === 0) return [];
      const values = [seqs, seqs.reduce((a, b) => Math.min(a, b)), seqs.reduce((a, b) => Math.max(a, b))];
      return (await queries.query({ name: "events_by_seq", text: EVENTS_BY_SEQ, values })).map(eventFrom);
    },
  };
}
