// SQL of the nodes: who is there, and which share of the numbers inside ids is whose.
import type { IdShare } from "../../core/id.ts";
import type { Random } from "../../system/random.ts";
import type { NodeRecord, NodeReport } from "../cluster.ts";
import { StoreUnavailableError } from "../store.ts";
import type { Database, Queries } from "./connection.ts";

/** Nodes at once, and the shares that the 2048 numbers of a millisecond are cut into: 32 each, and what overflows goes into the next. */
const SLOTS = 64;

// A node's slot is kept this long after its last beat, unless it has said goodbye: a paused one that wakes goes on with it.
const SLOT_KEPT_SECONDS = 600;
// Two that start together may choose the same one.
const TRIES_MAX = 20;

const REGISTER = `
INSERT INTO nodes (id, slot, report, takes, beat_at)
SELECT $1, s.slot, '{}', false, '-infinity' FROM generate_series(0, ${SLOTS - 1}) AS s(slot)
WHERE NOT EXISTS (SELECT 1 FROM nodes n WHERE n.slot = s.slot) ORDER BY s.slot LIMIT 1
ON CONFLICT DO NOTHING RETURNING slot`;

// A row that has never beaten is as old as its process is young: it is kept by the time it was made.
const RECLAIM = `
DELETE FROM nodes WHERE id = (
  SELECT id FROM nodes WHERE greatest(beat_at, made_at) < clock_timestamp() - make_interval(secs => ${SLOT_KEPT_SECONDS})
  ORDER BY greatest(beat_at, made_at) LIMIT 1)`;

const HIGHEST = `
SELECT greatest(
  (SELECT max(seq) FROM events), (SELECT max(seq) FROM requests), (SELECT max(seq) FROM deliveries), (SELECT max(seq) FROM deliveries_done),
  (SELECT max(seq) FROM attempts), (SELECT max(seq) FROM jobs), 0)`;

export interface Registration {
  share: IdShare;
  /** The highest number used so far. */
  highestSeq: number;
}

export function newNodeId(random: Random): string {
  return `node_${Buffer.from(random.fill(new Uint8Array(16))).toString("hex")}`;
}

/** Takes a slot that nobody has; of one that was given up lately the numbers are all below `highestSeq`. */
export async function register(database: Database, nodeId: string): Promise<Registration> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const [row] = await database.query({ text: REGISTER, values: [nodeId] });
    if (row !== undefined) {
      const [highest] = await database.query({ text: HIGHEST });
      return { share: { slot: row[0] as number, slots: SLOTS }, highestSeq: highest![0] as number };
    }
    await database.query({ text: RECLAIM });
  }
  throw new StoreUnavailableError(`All ${SLOTS} places for nodes are taken. A place is free again ten minutes after its node has ended.`);
}

/** Gives the slot back. Whoever takes it makes higher numbers than any that are used by then. */
export async function unregister(queries: Queries, nodeId: string): Promise<void> {
  await queries.query({ text: "DELETE FROM nodes WHERE id = $1", values: [nodeId] });
}

const NODES = `
SELECT n.id, n.report, floor(extract(epoch FROM n.beat_at) * 1000)::bigint,
  (SELECT string_agg(l.shard::text, ',' ORDER BY l.shard) FROM leases l WHERE l.owner = n.id AND l.expires_at > clock_timestamp())
FROM nodes n WHERE n.beat_at > clock_timestamp() - make_interval(secs => $1)`;

export async function readNodes(queries: Queries, ttlMs: number): Promise<NodeRecord[]> {
  const rows = (await queries.query({ name: "nodes", text: NODES, values: [ttlMs / 1000] })) as [string, string, number, string | null][];
  return rows
    .map(([id, report, beatAt, shards]) => ({
      ...(JSON.parse(report) as NodeReport),
      id,
      beatAt,
      shards: shards === null ? [] : shards.split(",").map(Number),
    }))
    .toSorted((a, b) => (`${a.name} ${a.id}` < `${b.name} ${b.id}` ? -1 : 1));
}
