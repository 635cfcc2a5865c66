// Shards: destinations and jobs fall into a fixed number of them, which nodes share out among themselves.

/**
 * A power of two, well above the number of nodes anybody runs, so that shares stay even: with 5 nodes the largest share
 * is 13 shards and the smallest 12. Rows in the store carry it, so it never changes.
 */
export const SHARDS = 64;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The shard of an id, 0 to 63, by FNV-1a over its characters: the same on every node and in every version. */
export function shardOf(id: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), FNV_PRIME);
  // The low bits alone mix the last characters badly.
  return (hash ^ (hash >>> 16)) & (SHARDS - 1);
}

/** The shard of an event and of what hangs on it: its source's, and its own where it has none, so that what is published spreads. */
export function shardOfEvent({ id, sourceId }: { id: string; sourceId: string | null }): number {
  return shardOf(sourceId ?? id);
}
