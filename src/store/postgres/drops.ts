// Drops whole days of partitions when nothing in them is wanted any more: no dead rows, and the disk has its space back.
import type { Database, Queries } from "./connection.ts";
import { DAY_SEQS, PARTITIONED, partitionName, type PartitionedTable, type SeqRange, seqAt } from "./days.ts";
import { eraseSplitRequests } from "./erase.ts";
import { type Partitions, takeTurns, tolerantly } from "./partitions.ts";

// A day is looked through once before it goes.
const LOOK_MS_MAX = 600_000;
const SLICE_ROWS = 5_000;
// Everybody waits behind a drop that waits for somebody: it gives up after 250 ms, and this often.
const DROP_TRIES_MAX = 3;
// Of a few events that outlive their day the rows are known one by one; with more of them the days stay.
const SURVIVORS_MAX = 1_000;

/** Tables whose rows belong to events, which may be of earlier days. */
const HANGING = ["deliveries_done", "attempts"] as const;

export interface Dropped {
  events: number;
  /** Whether a day was left because somebody held its tables for too long. */
  locked: boolean;
}

export interface Drops {
  /** Drops what is in days that ended before this time (ms since the Unix epoch), where nothing of it waits. */
  dropBefore(before: number): Promise<Dropped>;
}

type Days = ReadonlyMap<PartitionedTable, readonly number[]>;

export function createDrops(database: Database, partitions: Partitions): Drops {
  return {
    async dropBefore(before) {
      const days = await partitions.days();
      const upTo = seqAt(before);
      const past = [...new Set([...days.values()].flat())].filter((day) => day + DAY_SEQS <= upTo).toSorted((a, b) => a - b);
      const total: Dropped = { events: 0, locked: false };
      for (const low of past) {
        const dropped = await dropDay(database, days, { low, high: low + DAY_SEQS }, before);
        total.events += dropped.events;
        total.locked ||= dropped.locked;
      }
      return total;
    },
  };
}

async function dropDay(database: Database, days: Days, day: SeqRange, before: number): Promise<Dropped> {
  const present = PARTITIONED.filter((table) => days.get(table)?.includes(day.low) === true);
  const kept: Dropped = { events: 0, locked: false };
  if (await isHeld(database, day)) return kept;
  const { count, youngest } = await lookThrough(database, day);
  if (youngest >= before) return kept;
  const survivors = await survivorsBefore(database, day.low);
  if (survivors === null) return kept;
  const doomed: PartitionedTable[] = [];
  for (const table of present) if (!(await hasForeignRows(database, table, day, survivors, before))) doomed.push(table);
  if (doomed.length === 0) return kept;
  // With a table of another day in the way, what the events leave behind goes row by row; the rest goes with its partition.
  if (count > 0) await eraseHanging(database, day, doomed);
  for (let tries = 0; tries < DROP_TRIES_MAX; tries += 1) {
    let held = false;
    const had = await tolerantly(async () => {
      held = !(await dropTables(database, day, doomed));
    });
    if (had) return held ? kept : { events: count, locked: false };
  }
  return { events: 0, locked: true };
}

/** Whether an event of the day still has something to do. */
async function isHeld(queries: Queries, { low, high }: SeqRange): Promise<boolean> {
  const rows = await queries.query({
    text: `SELECT 1 FROM deliveries WHERE event_seq >= $1 AND event_seq < $2
      UNION ALL SELECT 1 FROM undispatched WHERE seq >= $1 AND seq < $2 LIMIT 1`,
    values: [low, high],
  });
  return rows.length > 0;
}

/** How many events the day has, and when the youngest came in: numbers go by the time of the commit, rules by that of receipt. */
async function lookThrough(database: Database, { low, high }: SeqRange): Promise<{ count: number; youngest: number }> {
  const [row] = await database.transaction(
    (queries) =>
      queries.query({
        text: "SELECT count(*), coalesce(max(received_at), 0) FROM events WHERE seq >= $1 AND seq < $2",
        values: [low, high],
      }),
    { deadlineMs: LOOK_MS_MAX },
  );
  const [count, youngest] = row as [number, number];
  return { count, youngest };
}

/** Events of earlier days that are still there, because something of theirs waits; null when they are too many to look at. */
async function survivorsBefore(queries: Queries, low: number): Promise<number[] | null> {
  const rows = await queries.query({ text: `SELECT seq FROM events WHERE seq < $1 LIMIT ${SURVIVORS_MAX + 1}`, values: [low] });
  return rows.length > SURVIVORS_MAX ? null : rows.map(([seq]) => seq as number);
}

/** Whether a table's partition of the day has rows that belong to what stays. */
async function hasForeignRows(
  queries: Queries,
  table: PartitionedTable,
  { low, high }: SeqRange,
  survivors: readonly number[],
  before: number,
): Promise<boolean> {
  if (table === "events") return false;
  const text =
    table === "requests"
      ? // Items may have got numbers after midnight, and a split request goes with the last of them.
        `SELECT 1 FROM events WHERE request_seq >= $1 AND request_seq < $2 AND (seq < $1 OR seq >= $2)
         UNION ALL SELECT 1 FROM requests WHERE seq >= $1 AND seq < $2 AND received_at >= $3 LIMIT 1`
      : `SELECT 1 FROM ${table} WHERE seq >= $1 AND seq < $2 AND (event_seq >= $2 OR event_seq = ANY($3::bigint[])) LIMIT 1`;
  const rows = await queries.query({ text, values: [low, high, table === "requests" ? Math.ceil(before) : survivors] });
  return rows.length > 0;
}

/** What the day's events left in partitions that stay. */
async function eraseHanging(database: Database, day: SeqRange, doomed: readonly PartitionedTable[]): Promise<void> {
  for (const table of [...HANGING, "requests"] as const) await eraseRows(database, table, day, doomed.includes(table));
  for (;;) {
    const gone = await database.query({
      text: `DELETE FROM dedupe WHERE key IN (SELECT key FROM dedupe WHERE event_seq >= $1 AND event_seq < $2 LIMIT ${SLICE_ROWS}) RETURNING 1`,
      values: [day.low, day.high],
    });
    if (gone.length < SLICE_ROWS) break;
  }
  const split = await database.query({
    text: "SELECT DISTINCT request_seq FROM events WHERE seq >= $1 AND seq < $2 AND (request_seq < $1 OR request_seq >= $2)",
    values: [day.low, day.high],
  });
  await eraseSplitRequests(
    database,
    split.map(([seq]) => seq as number),
    day,
  );
}

async function eraseRows(database: Database, table: PartitionedTable, { low, high }: SeqRange, isDoomed: boolean): Promise<void> {
  const which = `event_seq >= $1 AND event_seq < $2${table === "requests" ? " AND outcome = 'duplicate'" : ""}`;
  const elsewhere = isDoomed ? " AND (seq < $1 OR seq >= $2)" : "";
  for (;;) {
    const rows = await database.query({
      text: `SELECT seq FROM ${table} WHERE ${which}${elsewhere} LIMIT ${SLICE_ROWS}`,
      values: [low, high],
    });
    const seqs = rows.map(([seq]) => seq as number).toSorted((a, b) => a - b);
    if (seqs.length === 0) return;
    await database.query({
      text: `DELETE FROM ${table} WHERE seq = ANY($1::bigint[]) AND seq >= $2 AND seq <= $3`,
      values: [seqs, seqs[0]!, seqs.at(-1)!],
    });
    if (seqs.length < SLICE_ROWS) return;
  }
}

/**
 * Drops the day's partitions together; false when one of its events got something to do meanwhile. Dropping a partition locks
 * its parent, so the parents are asked for first, all in one order, and held for the time of some entries in the catalog.
 */
async function dropTables(database: Database, day: SeqRange, doomed: readonly PartitionedTable[]): Promise<boolean> {
  return database.transaction(async (queries) => {
    await takeTurns(queries);
    await queries.query({ text: `LOCK TABLE ONLY ${doomed.join(", ONLY ")} IN ACCESS EXCLUSIVE MODE` });
    if (await isHeld(queries, day)) return false;
    await queries.query({ text: `DROP TABLE IF EXISTS ${doomed.map((table) => partitionName(table, day.low)).join(", ")}` });
    return true;
  });
}
