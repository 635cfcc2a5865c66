// Which part of the work is this node's: all of it on a store of its own, the shards it holds leases on where several share one.

export interface Ownership {
  /** Whether no other node can ever own anything. */
  readonly alone: boolean;
  /** Whether an attempt may begin at `now`. Asked at every take: a process that was stopped for a minute has lost its leases unawares. */
  isValid(now: number): boolean;
  /** Whether work for this destination or on this job may begin here. */
  owns(id: string): boolean;
  /** Token of the lease under which work for this destination begins; null where none is needed. */
  fence(id: string): number | null;
  /** Since when it has been this node's without a break, ms since the Unix epoch: what is older may have been done by another one. */
  ownedSince(id: string): number;
  /** The shards that are this node's; null for all there are. */
  shards(): number[] | null;
  /** Whether what only one node does is this one's to do now: the shard it goes by is 0. */
  isFirst(now: number): boolean;
}

/** Of a process that holds its store alone. */
export const SOLE_OWNER: Ownership = {
  alone: true,
  isValid: () => true,
  owns: () => true,
  fence: () => null,
  ownedSince: () => -Infinity,
  shards: () => null,
  isFirst: () => true,
};
