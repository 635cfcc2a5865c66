// SQL of what is due: per shard, destination and class of work, from one index over what waits.
import { timeOfSeq } from "../../core/id.ts";
import { CLASSES } from "../../core/lane.ts";
import { shardOf, SHARDS } from "../../core/shard.ts";
import { deliveryFrom, LANE_CODE, type Row } from "../rows.ts";
import type { DueDeliveries, DueQuery, WaitingDeliveries } from "../store.ts";
import { WAITING_COLUMNS } from "./columns.ts";
import type { Queries } from "./connection.ts";

// Whoever asks what is due reads the events next, and 500 of 10 MiB would not fit in memory.
const DUE_BODY_BYTES_MAX = 16 * 1024 ** 2;
const BODY_BYTES_COLUMN = 13;

// The last row, without a body's length, is the next that is due later. Planned each time: what waits may be nothing or a million.
const DUE = `
(SELECT ${WAITING_COLUMNS}, length(e.body) FROM (
  SELECT * FROM deliveries d WHERE d.shard = $1 AND d.destination_id = $2 AND d.lane = $3 AND d.next_at <= $4 AND d.seq <> ALL($5::bigint[])
  ORDER BY d.next_at, d.seq LIMIT $6
) d JOIN events e ON e.seq = d.event_seq ORDER BY d.next_at, d.seq)
UNION ALL
(SELECT ${WAITING_COLUMNS}, NULL FROM deliveries d WHERE d.shard = $1 AND d.destination_id = $2 AND d.lane = $3 AND d.next_at > $4
 ORDER BY d.next_at, d.seq LIMIT 1)`;
const NEXT_AT_COLUMN = 8;

export async function dueDeliveries(queries: Queries, query: DueQuery): Promise<DueDeliveries> {
  const { destinationId, now, limit, skipSeqs } = query;
  const rows = await queries.query({
    text: DUE,
    values: [shardOf(destinationId), destinationId, LANE_CODE[query.class], now, skipSeqs, limit + 1],
  });
  const later = rows.at(-1)?.[BODY_BYTES_COLUMN] === null ? (rows.pop() as Row) : null;
  const due: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += row[BODY_BYTES_COLUMN] as number;
    // A full answer may hide more that is due already, so the next look must come at once.
    if (due.length === limit || (due.length > 0 && bytes > DUE_BODY_BYTES_MAX)) return { deliveries: deliveriesFrom(due), nextDueAt: now };
    due.push(row);
  }
  return { deliveries: deliveriesFrom(due), nextDueAt: later === null ? null : (later[NEXT_AT_COLUMN] as number) };
}

const deliveriesFrom = (rows: readonly Row[]) => rows.map((row) => deliveryFrom(row, timeOfSeq));

// A loose scan of the index: one step per destination and class instead of one per waiting delivery. The first row of each is
// its earliest.
const WAITING = `
WITH RECURSIVE w AS (
  SELECT f.* FROM unnest($1::smallint[]) AS s(shard) CROSS JOIN LATERAL (
    SELECT d.shard, d.destination_id, d.lane, d.next_at FROM deliveries d WHERE d.shard = s.shard
    ORDER BY d.shard, d.destination_id, d.lane, d.next_at, d.seq LIMIT 1
  ) f
  UNION ALL
  SELECT n.* FROM w CROSS JOIN LATERAL (
    SELECT d.shard, d.destination_id, d.lane, d.next_at FROM deliveries d
    WHERE d.shard = w.shard AND (d.destination_id, d.lane) > (w.destination_id, w.lane)
    ORDER BY d.shard, d.destination_id, d.lane, d.next_at, d.seq LIMIT 1
  ) n
)
SELECT destination_id, lane, next_at FROM w`;

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);

export async function waitingDestinations(queries: Queries, shards: readonly number[] = ALL_SHARDS): Promise<WaitingDeliveries[]> {
  const rows = (await queries.query({ text: WAITING, values: [shards] })) as [string, number, number][];
  return rows.map(([destinationId, lane, nextDueAt]) => ({
    destinationId,
    class: CLASSES.find((of) => LANE_CODE[of] === lane)!,
    nextDueAt,
  }));
}
