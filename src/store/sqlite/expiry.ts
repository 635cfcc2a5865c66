// SQL of expiry: what waits and is of no use any more ends, from a partial index over what can expire.
import type { DatabaseSync } from "node:sqlite";
import { shardOf } from "../../core/shard.ts";
import { EXPIRED_REASON } from "../../core/expiry.ts";
import type { ExpiryQuery } from "../store.ts";
import type { Left, OrderWrites } from "./order.ts";
import { DELIVERY_COLUMNS, type Row, STATE_CODE } from "../rows.ts";

export function createExpiryWrites(database: DatabaseSync, order: OrderWrites) {
  const expired = database.prepare(
    "SELECT seq, destination_id FROM deliveries WHERE state = 0 AND expires_at IS NOT NULL AND expires_at <= ? ORDER BY expires_at, seq",
  );
  expired.setReturnArrays(true);
  const next = database.prepare(
    "SELECT min(expires_at) AS at FROM deliveries WHERE state = 0 AND expires_at IS NOT NULL AND expires_at > ?",
  );
  const end = database.prepare(
    `UPDATE deliveries SET state = ${STATE_CODE.dead}, next_at = NULL, reason = ?, finished_at = ? WHERE seq = ? RETURNING order_key, destination_id, job_id, 0`,
  );
  end.setReturnArrays(true);
  const one = database.prepare(`SELECT ${DELIVERY_COLUMNS} FROM deliveries d JOIN events e ON e.seq = d.event_seq WHERE d.seq = ?`);
  one.setReturnArrays(true);

  return {
    expireDeliveries({ now, limit, skipSeqs, shards = null }: ExpiryQuery): { rows: Row[]; nextExpiryAt: number | null } {
      const skip = new Set(skipSeqs);
      const seqs: number[] = [];
      let more = false;
      for (const [seq, destinationId] of expired.iterate(now) as unknown as Iterable<[number, string]>) {
        if (skip.has(seq) || (shards !== null && !shards.includes(shardOf(destinationId)))) continue;
        more = seqs.length === limit;
        if (more) break;
        seqs.push(seq);
      }
      for (const seq of seqs) order.left(end.get(EXPIRED_REASON, now, seq) as unknown as Left);
      const rows = seqs.map((seq) => one.get(seq) as unknown as Row);
      return { rows, nextExpiryAt: more ? now : (next.get(now) as { at: number | null }).at };
    },
  };
}
