// Cuts a seq range into windows of a few days: a list plans and locks the partitions it reads, and not those of a whole year.
import type { Queries } from "./connection.ts";
import { dayOfName, type SeqRange } from "./days.ts";

// Three days ahead and some days back: where lists mostly end. Each further window is twice as wide.
const FIRST_DAYS = 6;
// How stale the list of days may be only decides where windows are cut, so it is looked at rarely.
const USES_PER_LOOK = 200;

// In every schema: a name can be resolved inside a transaction only, and days of another one do no harm.
const DAYS = `SELECT DISTINCT c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
  JOIN pg_catalog.pg_class p ON p.oid = i.inhparent WHERE p.relname = 'events' AND p.relkind = 'p'`;

export interface Windows {
  /** Windows that cover the whole range without overlap, in the direction of the walk. */
  of(range: SeqRange, ascending: boolean): AsyncGenerator<SeqRange>;
}

export function createWindows(queries: Queries): Windows {
  let days: number[] = [];
  let usesLeft = 0;

  async function known(): Promise<number[]> {
    usesLeft -= 1;
    if (usesLeft >= 0) return days;
    const rows = await queries.query({ name: "partition_days", text: DAYS });
    days = rows.flatMap(([name]) => dayOfName(String(name)) ?? []).toSorted((a, b) => a - b);
    usesLeft = USES_PER_LOOK;
    return days;
  }

  return {
    async *of({ low, high }, ascending) {
      if (low >= high) return;
      yield* cut({ low, high }, await known(), ascending);
    },
  };
}

/** The windows of a range by the first seqs of the days that there are, in ascending order. */
export function* cut(range: SeqRange, days: readonly number[], ascending: boolean): Generator<SeqRange> {
  const inside = days.filter((day) => day > range.low && day < range.high);
  const borders = ascending ? inside : inside.toReversed();
  let { low, high } = range;
  for (let width = FIRST_DAYS, at = FIRST_DAYS - 1; at < borders.length; width *= 2, at += width) {
    const border = borders[at]!;
    yield ascending ? { low, high: border } : { low: border, high };
    if (ascending) low = border;
    else high = border;
  }
  yield { low, high };
}
