// The partitions' days: a day of seqs each, in UTC, which knows no daylight saving. Pure.
import { seqAtTime, timeOfSeq } from "../../core/id.ts";

const DAY_MS = 86_400_000;

/** Tables that have one partition a day; all of them have the same days. */
export const PARTITIONED = ["events", "requests", "deliveries_done", "attempts"] as const;
export type PartitionedTable = (typeof PARTITIONED)[number];

/** Seqs [low, high) of one day. */
export interface SeqRange {
  low: number;
  high: number;
}

/** How many seqs a day has; days begin at multiples of it. */
export const DAY_SEQS = seqAtTime(timeOfSeq(0) + DAY_MS);

/** Highest seq that a query may name: later ones are no safe integers. */
export const SEQ_MAX = Number.MAX_SAFE_INTEGER;

/** The smallest seq of the day in which this one lies. */
export function dayOf(seq: number): number {
  return Math.floor(seq / DAY_SEQS) * DAY_SEQS;
}

/** `seqAtTime` for any time a caller may name: far ones are the end of all seqs. */
export function seqAt(timeMs: number): number {
  return Math.min(seqAtTime(timeMs), SEQ_MAX);
}

/** Name of a day's partition: `events_20261121`. `low` is the first seq of that day. */
export function partitionName(table: PartitionedTable, low: number): string {
  return `${table}_${new Date(timeOfSeq(low)).toISOString().slice(0, 10).replaceAll("-", "")}`;
}

/** The first seq of the day in a partition's name; null for the default partition and whatever else. */
export function dayOfName(name: string): number | null {
  const [, year, month, day] = /_(\d{4})(\d\d)(\d\d)$/.exec(name) ?? [];
  return year === undefined ? null : seqAtTime(Date.UTC(Number(year), Number(month) - 1, Number(day)));
}
