// SQL of order: where a new delivery stands in its line, and who is first in it. See the last migration in schema.ts.
import type { DatabaseSync } from "node:sqlite";
import type { OrderPlace } from "../store.ts";
import { BLOCKED_LANE } from "../rows.ts";

const ORDER_BY = { timestamp: 1, sequence: 2 } as const;

/** Whose line: destination, key, and the job of a replay, which is a line of its own. */
type Line = [destinationId: string, key: string, jobId: string];

/** What a changed row says of its line: the end of its UPDATE … RETURNING. */
export type Left = [key: string | null, destinationId: string, jobId: string | null, staysInLine: number];

/** Where a new row goes. */
export interface Placement {
  at: number;
  by: number;
  late: boolean;
  blocked: boolean;
}

export function createOrderWrites(database: DatabaseSync) {
  const line = "destination_id = ? AND order_key = ? AND ifnull(job_id, '') = ? AND state = 0 AND in_line = 1";
  const edge = (direction: "ASC" | "DESC") => {
    const statement = database.prepare(
      `SELECT seq, order_at, order_by, lane FROM deliveries WHERE ${line} ORDER BY order_at ${direction}, seq ${direction} LIMIT 1`,
    );
    statement.setReturnArrays(true);
    return (of: Line) => statement.get(...of) as unknown as [seq: number, at: number, by: number, lane: number] | undefined;
  };
  const first = edge("ASC");
  const last = edge("DESC");
  const lastReleased = database.prepare(
    "SELECT max(order_at) AS at FROM deliveries WHERE destination_id = ? AND order_key = ? AND order_by = ? AND released = 1",
  );
  const moveLane = database.prepare("UPDATE deliveries SET lane = lane + ? WHERE seq = ?");
  const markReleased = database.prepare("UPDATE deliveries SET released = 1 WHERE seq = ?");

  function releaseFirst(of: Line): void {
    const head = first(of);
    if (head !== undefined && head[3] >= BLOCKED_LANE) moveLane.run(-BLOCKED_LANE, head[0]);
  }

  return {
    /** Finds the place of a row that is about to be inserted, and blocks the one that was first when the new row comes before it. */
    place(destinationId: string, jobId: string | null, { key, position }: OrderPlace): Placement {
      const of: Line = [destinationId, key, jobId ?? ""];
      const end = last(of);
      const by = position === null ? 0 : ORDER_BY[position.by];
      // A place among others means something only where all of them have one of its kind.
      if (position === null || (end !== undefined && end[2] !== by)) {
        return { at: end?.[1] ?? 0, by: 0, late: false, blocked: end !== undefined };
      }
      const released = (lastReleased.get(destinationId, key, by) as { at: number | null }).at ?? -Infinity;
      const at = Math.max(position.at, released);
      const head = first(of);
      const blocked = head !== undefined && head[1] <= at;
      // It was not answered as due, or else this one would stand behind it.
      if (head !== undefined && !blocked) moveLane.run(BLOCKED_LANE, head[0]);
      return { at, by, late: position.at < released, blocked };
    },

    /** Answers whether a row was changed at all. One that has left its line lets whoever is first now go. */
    left(left: Left | undefined): boolean {
      if (left === undefined) return false;
      const [key, destinationId, jobId, staysInLine] = left;
      if (key !== null && staysInLine === 0) releaseFirst([destinationId, key, jobId ?? ""]);
      return true;
    },

    markReleased(seqs: readonly number[]): void {
      for (const seq of seqs) markReleased.run(seq);
    },
  };
}

export type OrderWrites = ReturnType<typeof createOrderWrites>;

export function createOrderReads(database: DatabaseSync) {
  const blocker = database.prepare(
    `SELECT b.seq, b.tail FROM deliveries d JOIN deliveries b
       ON b.destination_id = d.destination_id AND b.order_key = d.order_key AND ifnull(b.job_id, '') = ifnull(d.job_id, '')
       AND b.state = 0 AND b.in_line = 1
     WHERE d.seq = ? AND d.tail = ? AND d.state = 0 AND d.lane >= ${BLOCKED_LANE} ORDER BY b.order_at, b.seq LIMIT 1`,
  );
  blocker.setReturnArrays(true);
  return {
    blockerOf: (seq: number, tail: string) => (blocker.get(seq, tail) as unknown as [seq: number, tail: string] | undefined) ?? null,
  };
}
