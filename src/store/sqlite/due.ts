// SQL of what is due: per destination and class of work, from one partial index over what waits.
import type { DatabaseSync } from "node:sqlite";
import { CLASSES } from "../../core/lane.ts";
import type { DueQuery, WaitingDeliveries } from "../store.ts";
import type { OrderWrites } from "./order.ts";
import { BLOCKED_LANE, DELIVERY_COLUMNS, LANE_CODE, type Row } from "../rows.ts";

// Whoever asks what is due reads the events next, and 500 of 10 MiB would not fit in memory. The size is in the row's header.
const DUE_BODY_BYTES_MAX = 16 * 1024 ** 2;

export function createDueReads(database: DatabaseSync, order: OrderWrites) {
  const due = database.prepare(
    `SELECT ${DELIVERY_COLUMNS}, d.order_by > 0 AND d.released = 0, length(e.body) FROM deliveries d JOIN events e ON e.seq = d.event_seq
     WHERE d.destination_id = ? AND d.lane = ? AND d.state = 0 AND d.next_at <= ? ORDER BY d.next_at, d.seq`,
  );
  due.setReturnArrays(true);
  const nextDue = database.prepare(
    "SELECT min(next_at) AS at FROM deliveries WHERE destination_id = ? AND lane = ? AND state = 0 AND next_at > ?",
  );

  function read({ destinationId, now, limit, skipSeqs }: DueQuery, lane: number): { rows: Row[]; more: boolean; bodyBytes: number } {
    const skip = new Set(skipSeqs);
    const rows: Row[] = [];
    let bodyBytes = 0;
    // Read one by one: what is in memory already may stand anywhere, and nothing behind the last that fits is needed.
    for (const row of due.iterate(destinationId, lane, now) as unknown as Iterable<Row>) {
      if (skip.has(row[0] as number)) continue;
      const bytes = row.at(-1) as number;
      if (rows.length === limit || (rows.length > 0 && bodyBytes + bytes > DUE_BODY_BYTES_MAX)) return { rows, more: true, bodyBytes };
      rows.push(row);
      bodyBytes += bytes;
    }
    return { rows, more: false, bodyBytes };
  }

  return {
    dueDeliveries(query: DueQuery): { rows: Row[]; nextDueAt: number | null; bodyBytes: number } {
      const { destinationId, now } = query;
      const lane = LANE_CODE[query.class] + (query.blocked === true ? BLOCKED_LANE : 0);
      const { rows, more, bodyBytes } = read(query, lane);
      // From here on they may be under way, and nothing is put before them.
      if (query.blocked !== true) order.markReleased(rows.filter((row) => row.at(-2) === 1).map((row) => row[0] as number));
      // A full answer may hide more that is due already, so the next look must come at once.
      const nextDueAt = more ? now : (nextDue.get(destinationId, lane, now) as { at: number | null }).at;
      return { rows, nextDueAt, bodyBytes };
    },
  };
}

export function createWaitingReads(database: DatabaseSync) {
  // A loose scan of the partial index: one step per destination and class instead of one per waiting delivery. The first
  // row of each is its earliest.
  const waiting = database.prepare(
    `WITH RECURSIVE w(seq, id, lane, at) AS (
       SELECT seq, destination_id, lane, next_at FROM (
         SELECT seq, destination_id, lane, next_at FROM deliveries WHERE state = 0 ORDER BY destination_id, lane, next_at, seq LIMIT 1
       )
       UNION ALL
       SELECT n.seq, n.destination_id, n.lane, n.next_at FROM w JOIN deliveries n ON n.seq = (
         SELECT seq FROM deliveries WHERE state = 0 AND (destination_id, lane) > (w.id, w.lane)
         ORDER BY destination_id, lane, next_at, seq LIMIT 1
       )
     )
     SELECT id, lane, at FROM w WHERE lane < ${BLOCKED_LANE}`,
  );
  waiting.setReturnArrays(true);
  return {
    waitingDestinations: (): WaitingDeliveries[] =>
      (waiting.all() as unknown as [string, number, number][]).map(([destinationId, lane, nextDueAt]) => ({
        destinationId,
        class: CLASSES.find((of) => LANE_CODE[of] === lane)!,
        nextDueAt,
      })),
  };
}
