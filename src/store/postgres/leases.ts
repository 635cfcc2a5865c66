// SQL of the leases: one round trip says that a node lives, renews what it holds, gives what it is done with and takes its share.
import { SHARDS } from "../../core/shard.ts";
import type { BeatRequest, Membership } from "../cluster.ts";
import { MIGRATIONS } from "./schema.ts";
import type { Queries } from "./connection.ts";

/** How long a lease lasts without a beat; two beats may be lost on the way. */
export const LEASE_MS = 8_000;

/**
 * Everything is on the database's clock. Three statements change leases that none of the others does: those given, those kept
 * (whoever still owns one after it ran out renews it, because its token is still the newest), and free ones. A free one that
 * somebody is just taking, or under which something is just being settled, is passed over until the next beat.
 */
const BEAT = `
WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS at), beat AS (
  UPDATE nodes n SET report = $2, takes = $3, beat_at = m.at FROM moment m WHERE n.id = $1 RETURNING n.id
), workers AS MATERIALIZED (
  SELECT count(*) + $3::boolean::integer AS others FROM nodes n, moment m
  WHERE n.takes AND n.id <> $1 AND n.beat_at > m.at - make_interval(secs => $5)
), share AS MATERIALIZED (
  SELECT CASE WHEN $3::boolean THEN ceil(${SHARDS}::numeric / w.others)::integer ELSE 0 END AS shards FROM workers w
), given AS (
  UPDATE leases l SET owner = NULL, expires_at = NULL WHERE l.owner = $1 AND l.shard = ANY($4::smallint[])
), kept AS (
  UPDATE leases l SET expires_at = m.at + make_interval(secs => $5) FROM moment m
  WHERE l.owner = $1 AND NOT l.shard = ANY($4::smallint[]) AND EXISTS (SELECT 1 FROM beat) RETURNING l.shard, l.token
), free AS MATERIALIZED (
  SELECT l.shard FROM leases l
  WHERE (l.owner IS NULL OR l.expires_at <= (SELECT at FROM moment)) AND l.owner IS DISTINCT FROM $1 AND EXISTS (SELECT 1 FROM beat)
  ORDER BY l.shard LIMIT (SELECT greatest(0, s.shards - (SELECT count(*) FROM kept)) FROM share s) FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE leases l SET owner = $1, token = l.token + 1, expires_at = m.at + make_interval(secs => $5)
  FROM moment m, free f WHERE l.shard = f.shard RETURNING l.shard, l.token
)
SELECT 0, s.shards, (SELECT version FROM config_version), (SELECT count(*) FROM beat),
  (SELECT count(*) FROM migrations g WHERE g.version > ${MIGRATIONS.length} AND g.kind <> 'expand') FROM share s
UNION ALL SELECT 1, shard, token, 0, 0 FROM kept
UNION ALL SELECT 1, shard, token, 0, 0 FROM taken`;

export interface BeatAnswer extends Membership {
  /** False when this node's row is gone: it slept so long that its place was given to another. */
  known: boolean;
  /** Whether a newer version has taken away what this one needs. */
  outgrown: boolean;
}

export async function beat(queries: Queries, nodeId: string, request: BeatRequest, ttlMs: number): Promise<BeatAnswer> {
  const { report, give, takes } = request;
  const rows = (await queries.query({
    name: "beat",
    text: BEAT,
    values: [nodeId, JSON.stringify(report), takes, give, ttlMs / 1000],
  })) as [kind: number, number, number, known: number, outgrown: number][];
  const [, share, configVersion, known, outgrown] = rows.find(([kind]) => kind === 0)!;
  return {
    leases: rows
      .filter(([kind]) => kind === 1)
      .map(([, shard, token]) => ({ shard, token }))
      .toSorted((a, b) => a.shard - b.shard),
    ttlMs,
    share,
    configVersion,
    known: known > 0,
    outgrown: outgrown > 0,
  };
}

const LEAVE = `
WITH node AS (UPDATE nodes n SET takes = false, beat_at = '-infinity' WHERE n.id = $1)
UPDATE leases l SET owner = NULL, expires_at = NULL WHERE l.owner = $1`;

export async function leave(queries: Queries, nodeId: string): Promise<void> {
  await queries.query({ name: "leave", text: LEAVE, values: [nodeId] });
}
