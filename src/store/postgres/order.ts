// SQL of order: one transaction at a time changes a line, by a lock of its own, and only the first row of it is due.
import { BLOCKED_LANE } from "../rows.ts";
import type { OrderPlace } from "../store.ts";
import type { Queries } from "./connection.ts";
import { type Head, type LineEnds, lineOf, ORDER_BY, type Placement, putInLine } from "./order-places.ts";

/** A line, with the shard of its destination: whoever asks for its rows names both. */
export interface LineKey {
  shard: number;
  line: number;
}

/** A row that waits in a line (`d`), and in which order. */
const IN_LINE_ORDER = "ORDER BY d.order_at, d.order_place, d.order_tie";
const LAST_IN_LINE = "ORDER BY d.order_at DESC, d.order_place DESC, d.order_tie DESC";

/**
 * Everything that puts rows into lines, lets one go or takes one out has the locks of all their lines first, in ascending
 * order, before it holds anything else of them: so nobody waits for each other in a circle. A lock ends after the commit is
 * visible, so a statement that begins with the lock in hand sees the line as it is.
 */
const LOCK = "SELECT pg_advisory_xact_lock(l.line) FROM unnest($1::bigint[]) AS l(line)";

const LOCK_OF_DELIVERIES = `
SELECT l.shard, l.line, pg_advisory_xact_lock(l.line) FROM (
  SELECT DISTINCT d.line, d.shard FROM deliveries d WHERE d.seq = ANY($1::bigint[]) AND d.line IS NOT NULL ORDER BY d.line
) l`;

const ENDS = `
SELECT i.line, h.seq, h.order_by, h.order_at, h.order_place, h.released, t.order_by, t.order_at, t.order_place,
  (SELECT f.at FROM frontiers f WHERE f.line = i.frontier AND f.order_by = ${ORDER_BY.timestamp}),
  (SELECT f.at FROM frontiers f WHERE f.line = i.frontier AND f.order_by = ${ORDER_BY.sequence})
FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS i(shard, line, frontier)
LEFT JOIN LATERAL (SELECT d.* FROM deliveries d WHERE d.shard = i.shard AND d.line = i.line ${IN_LINE_ORDER} LIMIT 1) h ON true
LEFT JOIN LATERAL (SELECT d.* FROM deliveries d WHERE d.shard = i.shard AND d.line = i.line ${LAST_IN_LINE} LIMIT 1) t ON true`;

const UNBLOCK = `
UPDATE deliveries d SET lane = d.lane - ${BLOCKED_LANE} FROM unnest($1::smallint[], $2::bigint[]) AS i(shard, line) CROSS JOIN LATERAL (
  SELECT d.seq FROM deliveries d WHERE d.shard = i.shard AND d.line = i.line ${IN_LINE_ORDER} LIMIT 1
) h WHERE d.seq = h.seq AND d.lane >= ${BLOCKED_LANE}`;

/** Of rows that were just marked as released, how far that moves the provider's places. */
const MOVE_FRONTIERS = `
INSERT INTO frontiers AS f (line, order_by, at, event_seq)
SELECT r.frontier, r.order_by, max(r.order_at), max(r.event_seq) FROM released r WHERE r.frontier IS NOT NULL
GROUP BY r.frontier, r.order_by ORDER BY r.frontier, r.order_by
ON CONFLICT (line, order_by) DO UPDATE SET at = greatest(f.at, excluded.at), event_seq = greatest(f.event_seq, excluded.event_seq)`;

/**
 * One statement, and so one transaction. What another node has put something before since it was looked at has another lane
 * by now, which the update sees when it has waited for the lock.
 */
const RELEASE = `
WITH locks AS MATERIALIZED (SELECT pg_advisory_xact_lock(l.line) FROM unnest($1::bigint[]) AS l(line)), released AS (
  UPDATE deliveries d SET released = true
  WHERE d.seq = ANY($2::bigint[]) AND (SELECT count(*) FROM locks) > 0 AND d.lane < ${BLOCKED_LANE} AND d.line IS NOT NULL
  RETURNING d.seq, d.frontier, d.order_by, d.order_at, d.event_seq
), moved AS (${MOVE_FRONTIERS})
SELECT seq FROM released`;

const NOTE_RELEASED = `
WITH released AS (
  SELECT d.frontier, d.order_by, d.order_at, d.event_seq FROM deliveries d WHERE d.seq = ANY($1::bigint[]) AND d.released
) ${MOVE_FRONTIERS}`;

export async function lockLines(queries: Queries, lines: Iterable<number>): Promise<void> {
  const sorted = [...new Set(lines)].toSorted((a, b) => a - b);
  if (sorted.length > 0) await queries.query({ name: "lock-lines", text: LOCK, values: [sorted] });
}

/** Locks the lines in which these deliveries stand, and answers them. */
export async function lockLinesOf(queries: Queries, deliverySeqs: readonly number[]): Promise<LineKey[]> {
  const rows = await queries.query({ text: LOCK_OF_DELIVERIES, values: [deliverySeqs] });
  return rows.map(([shard, line]) => ({ shard: shard as number, line: line as number }));
}

/** Lets whoever is first in these lines now go. Call it after rows have left them, in the same transaction. */
export async function unblock(queries: Queries, lines: readonly LineKey[]): Promise<void> {
  if (lines.length === 0) return;
  await queries.query({ text: UNBLOCK, values: [lines.map(({ shard }) => shard), lines.map(({ line }) => line)] });
}

/** Marks first rows as answered; answers the numbers of those that still are first. */
export async function release(queries: Queries, rows: readonly { seq: number; line: number }[]): Promise<Set<number>> {
  if (rows.length === 0) return new Set();
  const lines = [...new Set(rows.map(({ line }) => line))].toSorted((a, b) => a - b);
  const released = await queries.query({ text: RELEASE, values: [lines, rows.map(({ seq }) => seq)] });
  return new Set(released.map(([seq]) => seq as number));
}

/** After a statement has marked rows as released by itself. */
export async function noteReleased(queries: Queries, deliverySeqs: readonly number[]): Promise<void> {
  if (deliverySeqs.length > 0) await queries.query({ text: NOTE_RELEASED, values: [deliverySeqs] });
}

/** A new row that goes in an order. `accepted` is its event's place in the order of acceptance; null for a replay. */
export interface NewInLine {
  shard: number;
  destinationId: string;
  jobId: string | null;
  order: OrderPlace;
  accepted: number | null;
}

export interface PlacedInLine extends Omit<Placement<unknown>, "displaced"> {
  line: number;
  /** Null where the place is not the provider's. */
  frontier: number | null;
}

/**
 * Finds the places of new rows, whose lines are locked, in the order in which they are given. `displaced` are rows that were
 * first until now, and must be blocked in the same transaction: they were not answered as due, or else nothing would come
 * before them.
 */
export async function placeInLines(queries: Queries, rows: readonly NewInLine[]): Promise<{ placed: PlacedInLine[]; displaced: number[] }> {
  const lines = await readEnds(queries, rows);
  const displaced: number[] = [];
  const placed: PlacedInLine[] = [];
  for (const row of rows) {
    const line = lineOf(row.destinationId, row.order.key, row.jobId);
    const index = placed.length;
    const { displaced: behind, ...placement } = putInLine<RowRef>(lines.get(line)!, { index }, row.order, row.accepted);
    if (behind !== null && "seq" in behind) displaced.push(behind.seq);
    if (behind !== null && "index" in behind) placed[behind.index]!.blocked = true;
    placed.push({ ...placement, line, frontier: placement.by > 0 ? lineOf(row.destinationId, row.order.key, null) : null });
  }
  return { placed, displaced };
}

/** A row of the table, or one of the batch. */
type RowRef = { seq: number } | { index: number };

async function readEnds(queries: Queries, rows: readonly NewInLine[]): Promise<Map<number, LineEnds<RowRef>>> {
  const wanted = new Map(
    rows.map(({ shard, destinationId, jobId, order: { key } }) => [
      lineOf(destinationId, key, jobId),
      [shard, lineOf(destinationId, key, null)] as const,
    ]),
  );
  const values = [[...wanted.values()].map(([shard]) => shard), [...wanted.keys()], [...wanted.values()].map(([, frontier]) => frontier)];
  const found = await queries.query({ text: ENDS, values });
  return new Map(found.map((row) => [row[0] as number, endsFrom(row as (number | null)[])]));
}

function endsFrom([, seq, by, at, place, released, endBy, endAt, endPlace, timestamp, sequence]: (
  | number
  | null
  | undefined
)[]): LineEnds<RowRef> {
  const places = [
    [ORDER_BY.timestamp, timestamp],
    [ORDER_BY.sequence, sequence],
  ] as const;
  const frontiers = new Map(places.flatMap(([kind, known]) => (typeof known === "number" ? [[kind, known] as const] : [])));
  if (typeof seq !== "number") return { head: null, end: null, frontiers };
  const head: Head<RowRef> = { by: by!, at: at!, place: place!, released: released === 1, row: { seq } };
  return { head, end: { by: endBy!, at: endAt!, place: endPlace! }, frontiers };
}

const BLOCKER = `
SELECT b.seq, b.tail FROM deliveries w CROSS JOIN LATERAL (
  SELECT d.seq, d.tail FROM deliveries d WHERE d.shard = w.shard AND d.line = w.line ${IN_LINE_ORDER} LIMIT 1
) b WHERE w.seq = $1 AND w.tail = $2 AND w.line IS NOT NULL AND w.lane >= ${BLOCKED_LANE}`;

export async function blockerOf(queries: Queries, seq: number, tail: string): Promise<{ seq: number; tail: string } | null> {
  const [row] = await queries.query({ name: "blocker", text: BLOCKER, values: [seq, tail] });
  return row === undefined ? null : { seq: row[0] as number, tail: row[1] as string };
}
