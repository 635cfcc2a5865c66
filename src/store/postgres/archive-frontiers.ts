// How far each order has come: rows here carry the number of a line, so the event that was let go last tells whose it is.
import type { AnyRecord, ArchivePage, ReadQuery } from "../archive.ts";
import type { Queries } from "./connection.ts";
import { lineOf } from "./order-places.ts";

// A delivery is younger than its event, which leaves the partitions before it alone.
const KEYS = `
SELECT DISTINCT f.line, f.order_by, f.at, f.event_seq, d.destination_id, d.order_key
FROM (SELECT * FROM frontiers WHERE (line, order_by) > ($1::bigint, $2::bigint) ORDER BY line, order_by LIMIT $3::bigint) f
LEFT JOIN LATERAL (
  SELECT w.destination_id, w.order_key FROM deliveries w WHERE w.event_seq = f.event_seq AND w.seq >= f.event_seq AND w.order_key IS NOT NULL
  UNION SELECT e.destination_id, e.order_key FROM deliveries_done e
    WHERE e.event_seq = f.event_seq AND e.seq >= f.event_seq AND e.order_key IS NOT NULL
) d ON true
ORDER BY f.line, f.order_by`;

type KeyRow = [line: number, orderBy: number, at: number, eventSeq: number, destinationId: string | null, orderKey: string | null];

/** One whose deliveries retention has deleted is left out: nobody can tell whose it was. */
export async function readFrontiers(queries: Queries, { cursor, limit }: ReadQuery): Promise<ArchivePage> {
  const from = cursor === null ? [-1, 0] : (JSON.parse(cursor) as [number, number]);
  const rows = (await queries.query({ text: KEYS, values: [...from, limit] })) as unknown as KeyRow[];
  const records: AnyRecord[] = [];
  const seen = new Set<string>();
  for (const [line, orderBy, at, eventSeq, destinationId, orderKey] of rows) {
    seen.add(`${line} ${orderBy}`);
    if (destinationId === null || orderKey === null || lineOf(destinationId, orderKey, null) !== line) continue;
    records.push({ destinationId, orderKey, orderBy, at, eventSeq });
  }
  return { records, next: seen.size === limit ? JSON.stringify(rows.at(-1)!.slice(0, 2)) : null };
}

export async function putFrontiers(queries: Queries, records: readonly AnyRecord[]): Promise<void> {
  const lines = records.map(({ destinationId, orderKey }) => lineOf(destinationId as string, orderKey as string, null));
  const values = ["orderBy", "at", "eventSeq"].map((field) => records.map((record) => record[field] as number));
  await queries.query({
    text: `INSERT INTO frontiers (line, order_by, at, event_seq)
      SELECT line, order_by, max(at), max(event_seq) FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::bigint[]) AS n(line, order_by, at, event_seq)
      GROUP BY line, order_by
      ON CONFLICT (line, order_by) DO UPDATE SET at = greatest(frontiers.at, excluded.at), event_seq = greatest(frontiers.event_seq, excluded.event_seq)`,
    values: [lines, ...values],
  });
}
