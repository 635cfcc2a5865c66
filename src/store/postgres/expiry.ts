// SQL of expiry: what waits and is of no use any more ends, from a partial index over what can expire.
import { EXPIRED_REASON } from "../../core/expiry.ts";
import { SHARDS } from "../../core/shard.ts";
import type { ExpiredDeliveries, ExpiryQuery } from "../store.ts";
import type { Database } from "./connection.ts";
import { inOrderOf } from "./commands.ts";
import { endWaiting } from "./moves.ts";

const EXPIRED = `
SELECT d.seq FROM deliveries d WHERE d.expires_at IS NOT NULL AND d.expires_at <= $1 AND d.seq <> ALL($2::bigint[]) AND d.shard = ANY($3::smallint[])
ORDER BY d.expires_at, d.seq LIMIT $4`;
const NEXT = `
SELECT d.expires_at FROM deliveries d WHERE d.expires_at IS NOT NULL AND d.expires_at > $1 AND d.shard = ANY($2::smallint[])
ORDER BY d.expires_at, d.seq LIMIT 1`;

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);

export async function expireDeliveries(database: Database, query: ExpiryQuery): Promise<ExpiredDeliveries> {
  const { now, limit, skipSeqs } = query;
  const shards = query.shards ?? ALL_SHARDS;
  const found = (await database.query({ text: EXPIRED, values: [now, skipSeqs, shards, limit + 1] })).map(([seq]) => seq as number);
  const seqs = found.slice(0, limit);
  // Mostly there is nothing, and nothing to write.
  const ended =
    seqs.length === 0
      ? []
      : await database.transaction((queries) => endWaiting(queries, seqs, "dead", { at: now, reason: EXPIRED_REASON }, now));
  const deliveries = inOrderOf(seqs, ended);
  if (found.length > limit) return { deliveries, nextExpiryAt: now };
  const [next] = await database.query({ text: NEXT, values: [now, shards] });
  return { deliveries, nextExpiryAt: next === undefined ? null : (next[0] as number) };
}
