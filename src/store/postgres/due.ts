// SQL of what is due: per shard, destination and class of work, from one index over what waits.
import type { Delivery } from "../../core/delivery.ts";
import { CLASSES } from "../../core/lane.ts";
import { shardOf, SHARDS } from "../../core/shard.ts";
import { BLOCKED_LANE, LANE_CODE, type Row } from "../rows.ts";
import type { DueDeliveries, DueQuery, WaitingDeliveries } from "../store.ts";
import { deliveryOf, WAITING_COLUMNS } from "./columns.ts";
import type { Queries } from "./connection.ts";
import { release } from "./order.ts";
import { BY_ACCEPTANCE } from "./order-places.ts";

// Whoever asks what is due reads the events next, and 500 of 10 MiB would not fit in memory.
const DUE_BODY_BYTES_MAX = 16 * 1024 ** 2;

const POSITION_MAX = Number.MAX_SAFE_INTEGER;

/**
 * A first one that may not go yet: an event that was accepted before its own is not dispatched, and may bring one that comes
 * before it. With a place of 0 it goes by what its job or its provider says.
 */
const GATED = `d.line IS NOT NULL AND d.order_by = ${BY_ACCEPTANCE} AND d.order_place > 0 AND NOT d.released
  AND d.order_place > (SELECT coalesce(min(u.position), ${POSITION_MAX}) FROM undispatched u)`;
// The dispatch of the event that one waits for takes milliseconds, or some seconds where its node has died.
const GATE_LOOK_MS = 20;

const IN_LANE = "d.shard = $1 AND d.destination_id = $2 AND d.lane = $3";

// Each row with what it is: due (0), kept back by the gate (1), or the next that is due later (2). Planned each time: what
// waits may be nothing or a million.
const DUE = `
(SELECT 0, d.body_bytes, CASE WHEN d.released THEN NULL ELSE d.line END, ${WAITING_COLUMNS} FROM deliveries d
 WHERE ${IN_LANE} AND d.next_at <= $4 AND d.seq <> ALL($5::bigint[]) AND NOT ($7::boolean AND ${GATED})
 ORDER BY d.next_at, d.seq LIMIT $6)
UNION ALL
(SELECT 1, NULL, NULL, ${WAITING_COLUMNS} FROM deliveries d WHERE $7::boolean AND ${IN_LANE} AND d.next_at <= $4 AND ${GATED}
 ORDER BY d.order_place LIMIT 1)
UNION ALL
(SELECT 2, NULL, NULL, ${WAITING_COLUMNS} FROM deliveries d WHERE ${IN_LANE} AND d.next_at > $4 ORDER BY d.next_at, d.seq LIMIT 1)`;

interface DueRow {
  bytes: number;
  /** Its line, when it stands in one and was not answered before. */
  line: number | null;
  delivery: Delivery;
}

export async function dueDeliveries(queries: Queries, query: DueQuery): Promise<DueDeliveries> {
  const { destinationId, now, limit, skipSeqs, blocked = false } = query;
  const lane = LANE_CODE[query.class] + (blocked ? BLOCKED_LANE : 0);
  const values = [shardOf(destinationId), destinationId, lane, now, skipSeqs, limit + 1, !blocked];
  const found = await queries.query({ text: DUE, values });
  const of = (kind: number) => found.filter((row) => row[0] === kind).map(dueRowFrom);
  const { rows, more, bodyBytes } = within(of(0), limit);
  const deliveries = blocked ? rows.map(({ delivery }) => delivery) : await released(queries, rows);
  // A full answer may hide more that is due already, so the next look must come at once.
  if (more) return { deliveries, nextDueAt: now, bodyBytes };
  const waitsForOthers = of(1).length > 0 || deliveries.length < rows.length;
  const later = Math.min(waitsForOthers ? now + GATE_LOOK_MS : Infinity, of(2)[0]?.delivery.nextAttemptAt ?? Infinity);
  return { deliveries, nextDueAt: later === Infinity ? null : later, bodyBytes };
}

function dueRowFrom([, bytes, line, ...row]: Row): DueRow {
  return { bytes: bytes as number, line: line as number | null, delivery: deliveryOf(row) };
}

function within(rows: readonly DueRow[], limit: number): { rows: DueRow[]; more: boolean; bodyBytes: number } {
  const kept: DueRow[] = [];
  let bodyBytes = 0;
  for (const row of rows) {
    if (kept.length === limit || (kept.length > 0 && bodyBytes + row.bytes > DUE_BODY_BYTES_MAX))
      return { rows: kept, more: true, bodyBytes };
    kept.push(row);
    bodyBytes += row.bytes;
  }
  return { rows: kept, more: false, bodyBytes };
}

/** From here on they may be under way, and nothing is put before them: those of which that is not true any more are left out. */
async function released(queries: Queries, rows: readonly DueRow[]): Promise<Delivery[]> {
  const firsts = rows.flatMap(({ line, delivery: { seq } }) => (line === null ? [] : [{ seq, line }]));
  const still = await release(queries, firsts);
  return rows.filter(({ line, delivery }) => line === null || still.has(delivery.seq)).map(({ delivery }) => delivery);
}

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
SELECT destination_id, lane, next_at FROM w WHERE lane < ${BLOCKED_LANE}`;

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);

export async function waitingDestinations(queries: Queries, shards: readonly number[] = ALL_SHARDS): Promise<WaitingDeliveries[]> {
  const rows = (await queries.query({ text: WAITING, values: [shards] })) as [string, number, number][];
  return rows.map(([destinationId, lane, nextDueAt]) => ({
    destinationId,
    class: CLASSES.find((of) => LANE_CODE[of] === lane)!,
    nextDueAt,
  }));
}
