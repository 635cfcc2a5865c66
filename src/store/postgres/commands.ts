// SQL of people's commands: a retry brings a delivery back to what waits, a cancel ends it.
import type { Delivery } from "../../core/delivery.ts";
import { type IdParts, parseId, timeOfSeq } from "../../core/id.ts";
import { deliveryFrom, LANE_CODE, type Row, STATE_CODE } from "../rows.ts";
import type { DeliveryCommand } from "../store.ts";
import { DONE_COLUMNS, WAITING_COLUMNS } from "./columns.ts";
import type { Queries } from "./connection.ts";

const KEPT = "seq, tail, shard, event_seq, event_tail, destination_id, subscription_id";
const TARGETS = "unnest($1::bigint[], $2::text[]) AS t(seq, tail)";
const heldOf = (table: string, columns: string) =>
  `SELECT ${columns} FROM ${table} d WHERE (d.seq, d.tail) IN (SELECT t.seq, t.tail FROM ${TARGETS}) AND d.seq = ANY($1::bigint[])`;

// Rows are locked in the order of their numbers, as settle does it.
const RETRY_WAITING = `
WITH held AS MATERIALIZED (${heldOf("deliveries", "d.seq")} ORDER BY d.seq FOR UPDATE)
UPDATE deliveries d SET next_at = $3, reason = $4, trigger = 'manual', lane = ${LANE_CODE.fresh} FROM held h WHERE d.seq = h.seq
RETURNING ${WAITING_COLUMNS}`;

const RETRY_ENDED = `
WITH held AS MATERIALIZED (
  ${heldOf("deliveries_done", "d.seq")} AND d.state <> ${STATE_CODE.cancelled} ORDER BY d.seq FOR UPDATE
), gone AS (
  DELETE FROM deliveries_done d USING held h WHERE d.seq = h.seq
  RETURNING d.seq, d.tail, d.shard, d.event_seq, d.event_tail, d.destination_id, d.subscription_id, d.attempts, d.job_id, d.order_key,
    d.order_at, d.late, d.expires_at
)
INSERT INTO deliveries AS d (${KEPT}, lane, attempts, next_at, reason, trigger, job_id, order_key, order_at, late, expires_at)
SELECT ${KEPT}, ${LANE_CODE.fresh}, attempts, $3, $4, 'manual', job_id, order_key, order_at, late, expires_at FROM gone
RETURNING ${WAITING_COLUMNS}`;

const CANCEL = `
WITH held AS MATERIALIZED (${heldOf("deliveries", "d.seq")} ORDER BY d.seq FOR UPDATE), gone AS (
  DELETE FROM deliveries d USING held h WHERE d.seq = h.seq
  RETURNING d.seq, d.tail, d.shard, d.event_seq, d.event_tail, d.destination_id, d.subscription_id, d.attempts, d.trigger, d.job_id,
    d.order_key, d.order_at, d.late, d.expires_at
)
INSERT INTO deliveries_done AS d (${KEPT}, state, attempts, reason, trigger, job_id, order_key, order_at, late, expires_at, finished_at)
SELECT ${KEPT}, ${STATE_CODE.cancelled}, attempts, $4, trigger, job_id, order_key, order_at, late, expires_at, $3 FROM gone
RETURNING ${DONE_COLUMNS}`;

/** Answers the deliveries it changed, with their new state, in the order of `ids`. */
export async function commandDeliveries(queries: Queries, ids: readonly string[], command: DeliveryCommand): Promise<Delivery[]> {
  const targets = ids.map((id) => parseId("dlv", id)).filter((parts): parts is IdParts => parts !== null);
  if (targets.length === 0) return [];
  const values = [
    targets.map(({ seq }) => seq),
    targets.map(({ tail }) => tail),
    command.at,
    command.reason ?? (command.kind === "retry" ? "Retried by hand." : "Cancelled by hand."),
  ];
  const rows: Row[] = [];
  // What waits first: a delivery that the second statement brings back there must not be found again.
  const texts = command.kind === "retry" ? [RETRY_WAITING, RETRY_ENDED] : [CANCEL];
  for (const text of texts) rows.push(...(await queries.query({ text, values })));
  const changed = new Map(rows.map((row) => [row[0] as number, deliveryFrom(row, timeOfSeq)]));
  return [...new Set(targets.map(({ seq }) => seq))].map((seq) => changed.get(seq)).filter((delivery) => delivery !== undefined);
}
