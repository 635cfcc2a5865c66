// The partitions: a day each, made ahead of time, and a default one for whatever has no day yet.
import type { Database, Queries } from "./connection.ts";
import { DAY_SEQS, dayOf, dayOfName, PARTITIONED, partitionName, type PartitionedTable, SEQ_MAX, seqAt } from "./days.ts";
import { isLockedOut } from "./locks.ts";

const DAYS_BEHIND = 1;
// With nobody to make new ones for a long weekend, rows still find a partition of their own.
const DAYS_AHEAD = 3;
// Everybody who reads the newest rows waits behind us while we wait for the default partition.
const LOCK_WAIT_MS = 250;
// Rows that went to the default partition move out of it day by day; a day in one transaction.
const DAYS_MOVED_PER_CALL = 16;

export interface Partitions {
  /**
   * Makes the partitions of the days around `now` (ms since the Unix epoch) and of rows that stand in a default partition.
   * Any number of nodes may do it at once, and again. What is locked by others for long is left for the next call: rows
   * that find no partition of their day go to the default one meanwhile.
   */
  ensure(now: number): Promise<void>;
  /** Makes the partitions of the days of these seqs, for rows of any time, and no others. Locked ones are left for the next call, as in `ensure`. */
  ensureDaysOf(seqs: readonly number[]): Promise<void>;
  /** First seqs of the days that have a partition, by table, oldest first. */
  days(): Promise<ReadonlyMap<PartitionedTable, readonly number[]>>;
}

export function createPartitions(database: Database): Partitions {
  async function ensure(now: number): Promise<void> {
    const today = dayOf(seqAt(now));
    const wanted = new Set<number>();
    for (let day = -DAYS_BEHIND; day <= DAYS_AHEAD; day += 1) wanted.add(today + day * DAY_SEQS);
    for (const table of PARTITIONED) {
      const made = await database.transaction(async (queries) => (await readDays(queries)).get(table));
      if (made === undefined) await tolerantly(() => makeDefault(database, table));
      const homeless = made === undefined ? [] : await homelessDays(database, table);
      const missing = [...wanted, ...homeless].filter((day) => day >= 0 && day + DAY_SEQS <= SEQ_MAX && made?.includes(day) !== true);
      // One day is one transaction: what can't be had now holds up none of the others.
      for (const day of new Set(missing)) if (!(await tolerantly(() => makeDay(database, table, day)))) break;
    }
  }
  return {
    ensure,
    async ensureDaysOf(seqs) {
      const wanted = [...new Set(seqs.map(dayOf))].filter((day) => day >= 0 && day + DAY_SEQS <= SEQ_MAX).toSorted((a, b) => a - b);
      const found = await database.transaction(readDays);
      for (const table of PARTITIONED) {
        if (!found.has(table)) await makeDefault(database, table);
        for (const day of wanted) {
          if (found.get(table)?.includes(day) !== true) await tolerantly(() => makeDay(database, table, day));
        }
      }
    },
    async days() {
      const found = await database.transaction(readDays);
      return new Map(PARTITIONED.map((table) => [table, found.get(table) ?? []]));
    },
  };
}

/** By table; a table without a default partition is absent. */
async function readDays(queries: Queries): Promise<Map<PartitionedTable, number[]>> {
  const rows = await queries.query({
    text: `SELECT p.relname, c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
      JOIN pg_catalog.pg_class p ON p.oid = i.inhparent JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
      WHERE n.nspname = current_schema() AND p.relkind = 'p' AND p.relname = ANY($1::text[]) AND NOT i.inhdetachpending ORDER BY c.relname`,
    values: [[...PARTITIONED]],
  });
  const days = new Map<PartitionedTable, number[]>();
  for (const [parent, name] of rows as [PartitionedTable, string][]) if (name === defaultName(parent)) days.set(parent, []);
  for (const [parent, name] of rows as [PartitionedTable, string][]) {
    const day = dayOfName(name);
    if (day !== null) days.get(parent)?.push(day);
  }
  return days;
}

const defaultName = (table: PartitionedTable): string => `${table}_default`;

/** Days of rows that went to the default partition because theirs had no other. */
async function homelessDays(database: Database, table: PartitionedTable): Promise<number[]> {
  const rows = await database.transaction((queries) =>
    queries.query({
      text: `SELECT DISTINCT seq / $1::bigint * $1::bigint FROM ${defaultName(table)} LIMIT ${DAYS_MOVED_PER_CALL}`,
      values: [DAY_SEQS],
    }),
  );
  return rows.map(([day]) => day as number);
}

/** The parent is locked for the time of an entry in the catalog; it happens once in the life of a schema. */
async function makeDefault(database: Database, table: PartitionedTable): Promise<void> {
  await database.transaction(async (queries) => {
    await takeTurns(queries);
    await queries.query({ text: `CREATE TABLE IF NOT EXISTS ${defaultName(table)} PARTITION OF ${table} DEFAULT` });
  });
}

/**
 * A table is made and then attached: writers and readers of the other partitions go on, which `CREATE TABLE … PARTITION OF`
 * would hold up. The default partition is locked while the rows of the new one's day, mostly none, move over.
 */
async function makeDay(database: Database, table: PartitionedTable, low: number): Promise<void> {
  const name = partitionName(table, low);
  const [high, fallback] = [low + DAY_SEQS, defaultName(table)];
  await database.transaction(async (queries) => {
    await takeTurns(queries);
    if ((await readDays(queries)).get(table)?.includes(low) === true) return;
    // In the order in which everybody else takes them, so that nobody waits for each other.
    await queries.query({ text: `LOCK TABLE ONLY ${table} IN SHARE UPDATE EXCLUSIVE MODE` });
    await queries.query({ text: `LOCK TABLE ${fallback} IN ACCESS EXCLUSIVE MODE` });
    await queries.query({ text: `CREATE TABLE ${name} (LIKE ${table} INCLUDING DEFAULTS INCLUDING STORAGE)` });
    await queries.query({
      text: `WITH moved AS (DELETE FROM ${fallback} WHERE seq >= $1 AND seq < $2 RETURNING *) INSERT INTO ${name} SELECT * FROM moved`,
      values: [low, high],
    });
    await queries.query({ text: `ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM (${low}) TO (${high})` });
  });
}

/** Nodes that want to change the partitions do it one after the other, for the rest of the transaction. */
export async function takeTurns(queries: Queries): Promise<void> {
  await queries.query({ text: "SELECT pg_advisory_xact_lock(hashtextextended('posthorn partitions of ' || current_schema(), 0))" });
  await queries.query({ text: `SET LOCAL lock_timeout = ${LOCK_WAIT_MS}` });
}

/** False when somebody held for too long what the work needed: it is for the next time. */
export async function tolerantly(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isLockedOut(error)) return false;
    throw error;
  }
}
