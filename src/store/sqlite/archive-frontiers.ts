// How far each order has come: here that is the furthest of the rows that were let go, so it is read from them and put onto one.
import type { DatabaseSync } from "node:sqlite";
import type { AnyRecord, ArchivePage, ReadQuery } from "../archive.ts";

type Frontier = [destinationId: string, orderKey: string, orderBy: number, at: number, eventSeq: number];

export function readFrontiers(database: DatabaseSync, { cursor, limit }: ReadQuery): ArchivePage {
  // The index over what was let go has this order, so a page costs its own rows.
  const statement = database.prepare(
    `SELECT destination_id, order_key, order_by, max(order_at), max(event_seq) FROM deliveries
     WHERE released = 1 AND order_by > 0 AND (destination_id, order_key, order_by) > (?, ?, ?)
     GROUP BY destination_id, order_key, order_by ORDER BY destination_id, order_key, order_by LIMIT ?`,
  );
  statement.setReturnArrays(true);
  const from = cursor === null ? ["", "", 0] : (JSON.parse(cursor) as [string, string, number]);
  const rows = statement.all(...(from as [string, string, number]), limit) as unknown as Frontier[];
  const records = rows.map(([destinationId, orderKey, orderBy, at, eventSeq]) => ({ destinationId, orderKey, orderBy, at, eventSeq }));
  return { records, next: rows.length === limit ? JSON.stringify(rows.at(-1)!.slice(0, 3)) : null };
}

/** Does nothing where the rows say it already, as those of an archive of this kind of store do. */
export function createFrontierWrites(database: DatabaseSync): (records: readonly AnyRecord[]) => void {
  // The place of one that stands in a line is its own; any other may carry how far its order has come.
  const carrier = "destination_id = ? AND order_key = ? AND NOT (state = 0 AND in_line = 1) AND NOT (released = 1 AND order_by <> ?)";
  const update = "UPDATE deliveries SET order_by = ?, order_at = ?, released = 1 WHERE seq";
  return (records) => {
    const furthest = database.prepare(
      "SELECT max(order_at) AS at, max(event_seq) AS event FROM deliveries WHERE destination_id = ? AND order_key = ? AND order_by = ? AND released = 1",
    );
    const putOnEvent = database.prepare(`${update} = (SELECT seq FROM deliveries WHERE event_seq = ? AND ${carrier} ORDER BY seq LIMIT 1)`);
    // Hardly ever: the event's own delivery stands in a line. Nothing has this order, so it looks at all that is there.
    const putOnAny = database.prepare(`${update} = (SELECT seq FROM deliveries WHERE ${carrier} ORDER BY event_seq DESC LIMIT 1)`);
    for (const { destinationId, orderKey, orderBy, at, eventSeq } of records as Record<string, number & string>[]) {
      const of = [destinationId!, orderKey!, orderBy!] as const;
      const reached = furthest.get(...of) as { at: number | null; event: number | null };
      if (reached.at !== null && reached.at >= at! && reached.event! >= eventSeq!) continue;
      if (putOnEvent.run(orderBy!, at!, eventSeq!, ...of).changes === 0) putOnAny.run(orderBy!, at!, ...of);
    }
  };
}
