// The PostgreSQL adapter of the archive port: over a schema whose nodes are stopped.
import {
  type AnyRecord,
  ArchiveRefusedError,
  type ArchivePage,
  type FieldKind,
  type ImportMark,
  type KeptImportMark,
  type ReadQuery,
  type Section,
  SECTIONS,
  type StoreArchive,
} from "../archive.ts";
import type { Clock } from "../../system/clock.ts";
import type { Random } from "../../system/random.ts";
import type { Cell, Row } from "../rows.ts";
import { readFrontiers } from "./archive-frontiers.ts";
import { ARCHIVE_TABLES, type ArchiveTable } from "./archive-tables.ts";
import { putRecords } from "./archive-writes.ts";
import type { Database, Queries } from "./connection.ts";
import { migrate } from "./migrate.ts";
import { quoteName, SCHEMA_DEFAULT } from "./names.ts";
import { createPartitions, type Partitions } from "./partitions.ts";
import { type OpenDatabase, openDatabase } from "./pool.ts";

// A part of 16 MiB and a page of 4 MiB take some seconds on a slow disk, and nobody waits for them.
const STEP_MS_MAX = 600_000;
// One step after the other.
const CONNECTIONS_MAX = 2;
// Longer than a lease: a node that was stopped without a goodbye counts as running for so long.
const NODE_SILENCE_SECONDS = 10;

export interface PostgresArchiveOptions {
  url: string;
  /** `posthorn` unless told otherwise. */
  schema?: string;
  /** Whether the schema may be made where there is none. */
  create: boolean;
  clock: Clock;
  random: Random;
}

const PARTITIONED: readonly Section[] = ["events", "requests", "deliveries", "attempts"];

/**
 * Brings an older schema to today's tables. Throws ArchiveRefusedError while nodes use the schema, SchemaRefusedError when it is
 * not one that this version may work on, and StoreUnavailableError when the database can't be reached.
 */
export async function openPostgresArchive(options: PostgresArchiveOptions): Promise<StoreArchive> {
  const { url, schema = SCHEMA_DEFAULT, create, clock, random } = options;
  const database = openDatabase({ url, schema, poolMax: CONNECTIONS_MAX, clock, random, log: { warn: () => undefined } });
  try {
    const [found] = await database.query({
      text: "SELECT to_regnamespace($1)::text, to_regclass($1 || '.nodes')::text",
      values: [quoteName(schema)],
    });
    if (!create && found![0] === null) {
      throw new ArchiveRefusedError("state", `The database holds no schema ${schema}, so Posthorn keeps nothing in it.`);
    }
    // Before the tables change: those who run may be of an older version.
    if (found![1] !== null) await refusing(database, assertUnused);
    await migrate(database, schema);
    const partitions = createPartitions(database);
    await partitions.ensure(clock.now());
    return archiveOf(database, partitions);
  } catch (error) {
    await database.close();
    throw error;
  }
}

function archiveOf(database: OpenDatabase, partitions: Partitions): StoreArchive {
  // All of it runs in transactions, whose search path names the schema.
  const run = <T>(work: (queries: Queries) => Promise<T>) => refusing(database, work);
  const ask = (text: string) => run((queries) => queries.query({ text }));
  let closed: Promise<void> | null = null;
  return {
    kind: "postgres",
    async useMark() {
      const [row] = await ask(
        `SELECT (SELECT sum(token) FROM leases), (SELECT last_value FROM positions), (SELECT version FROM config_version),
           (SELECT max(beat_at)::text FROM nodes),
           (SELECT tail FROM events ORDER BY seq DESC LIMIT 1), (SELECT max(id) FROM config)`,
      );
      return JSON.stringify(row);
    },
    assertUnused: () => run(assertUnused),
    read: (query) => run((queries) => readSection(queries, query)),
    async isEmpty() {
      const tables = Object.values(ARCHIVE_TABLES).map(({ from }: ArchiveTable) => `EXISTS (SELECT 1 FROM ${from})`);
      const [row] = await ask(`SELECT ${tables.join(" OR ")}`);
      return !isTrue(row![0]!);
    },
    importMark: () => run(readMark),
    async write(mark, section, records) {
      // Partitions are made in transactions of their own, and are no harm when the import ends here.
      if (PARTITIONED.includes(section) && records.length > 0) {
        await partitions.ensureDaysOf(records.map(({ seq }) => seq as number));
      }
      await run((queries) => writeOnce(queries, mark, section, records));
    },
    finishImport: () => run(finish),
    close: () => (closed ??= database.close()),
  };
}

/** A transaction passes everything for a fault of the database that stops it; what is refused is none. */
async function refusing<T>(database: Database, work: (queries: Queries) => Promise<T>): Promise<T> {
  let refused: ArchiveRefusedError | null = null;
  const watched = async (queries: Queries): Promise<T> => {
    try {
      return await work(queries);
    } catch (error) {
      if (error instanceof ArchiveRefusedError) refused = error;
      throw error;
    }
  };
  try {
    return await database.transaction(watched, { deadlineMs: STEP_MS_MAX });
  } catch (error) {
    throw refused ?? error;
  }
}

/** One that has just been entered has not beaten yet. */
async function assertUnused(queries: Queries): Promise<void> {
  const [row] = await queries.query({
    text: `SELECT count(*)::bigint FROM nodes WHERE greatest(beat_at, made_at) > clock_timestamp() - interval '${NODE_SILENCE_SECONDS} seconds'`,
  });
  const running = row![0] as number;
  if (running === 0) return;
  throw new ArchiveRefusedError(
    "state",
    `${running === 1 ? "A node runs" : `${running} nodes run`} on this database. Stop every node and try again; one that was killed counts as running for ${NODE_SILENCE_SECONDS} seconds.`,
  );
}

/** Throws while an import into this database is not finished: nobody may serve from half a store. */
export async function refuseHalfImported(database: Database): Promise<void> {
  if ((await database.transaction(readMark))?.finished !== false) return;
  throw new Error(
    'An import into this database was interrupted, so a part of its data is missing. Run the same "posthorn import" again to go on with it, or drop the schema.',
  );
}

async function readMark(queries: Queries): Promise<KeptImportMark | null> {
  const [found] = await queries.query({ text: "SELECT to_regclass('import_progress')::text" });
  if (found![0] === null) return null;
  const [row] = await queries.query({ text: "SELECT archive, chunk, finished FROM import_progress" });
  return row === undefined ? null : { archive: row[0] as string, chunk: row[1] as number, finished: isTrue(row[2]!) };
}

async function writeOnce(queries: Queries, mark: ImportMark, section: Section, records: readonly AnyRecord[]): Promise<void> {
  // A store that nothing was ever imported into has no such table. Waiting for its lock makes two imports take turns.
  await queries.query({
    text: "CREATE TABLE IF NOT EXISTS import_progress (archive text NOT NULL, chunk bigint NOT NULL, finished boolean NOT NULL DEFAULT false)",
  });
  await queries.query({ text: "LOCK TABLE import_progress IN EXCLUSIVE MODE" });
  const before = await readMark(queries);
  if (before !== null && before.archive !== mark.archive) {
    throw new ArchiveRefusedError("state", `Another archive was imported here: ${before.archive}.`);
  }
  if (before !== null && (before.finished || before.chunk >= mark.chunk)) return;
  await putRecords(queries, section, records);
  const text =
    before === null
      ? "INSERT INTO import_progress (archive, chunk) VALUES ($1, $2)"
      : "UPDATE import_progress SET archive = $1, chunk = $2";
  await queries.query({ text, values: [mark.archive, mark.chunk] });
}

async function finish(queries: Queries): Promise<void> {
  await queries.query({
    text: `SELECT setval('positions', greatest((SELECT last_value FROM positions), (SELECT max(position) FROM events),
      (SELECT max(greatest(order_place, order_tie)) FROM deliveries)))`,
  });
  if ((await readMark(queries)) !== null) await queries.query({ text: "UPDATE import_progress SET finished = true" });
}

function readSection(queries: Queries, query: ReadQuery): Promise<ArchivePage> {
  switch (query.section) {
    case "marks":
      return readMarks(queries);
    case "frontiers":
      return readFrontiers(queries, query);
    default:
      return readPage(queries, ARCHIVE_TABLES[query.section], query);
  }
}

async function readMarks(queries: Queries): Promise<ArchivePage> {
  const [row] = await queries.query({ text: "SELECT version FROM config_version" });
  return { records: [{ name: "configVersion", value: row![0] as number }], next: null };
}

async function readPage(queries: Queries, table: ArchiveTable, query: ReadQuery): Promise<ArchivePage> {
  const { section, cursor, limit } = query;
  const { key, keyType, start, from } = table;
  const end = await endOfPage(queries, table, query);
  const columns = Object.keys(SECTIONS[section]).map((field) => placeOf(table, field));
  const rows = await queries.query({
    text: `SELECT ${keyType === "tid" ? `${key}::text` : key}, ${columns.join(", ")} FROM ${from}
      WHERE ${key} > $1::${keyType} ${end === null ? "" : `AND ${key} <= $3::${keyType}`} ORDER BY ${key} LIMIT $2::bigint`,
    values: [cursor ?? start, limit, ...(end === null ? [] : [end])],
  });
  const kinds = Object.entries<FieldKind>(SECTIONS[section]);
  const isFull = rows.length === limit || end !== null;
  return { records: rows.map((row) => recordOf(kinds, row)), next: isFull && rows.length > 0 ? String(rows.at(-1)![0]) : null };
}

/** The last key of the page where bodies would take it over its bytes; their sizes are known without fetching them. */
async function endOfPage(queries: Queries, { key, keyType, start, size, from }: ArchiveTable, query: ReadQuery): Promise<string | null> {
  if (size === null) return null;
  const [row] = await queries.query({
    text: `SELECT min(key) FROM (
        SELECT key, sum(size) OVER (ORDER BY key) AS bytes FROM (
          SELECT ${key} AS key, ${size} AS size FROM ${from} WHERE ${key} > $1::${keyType} ORDER BY ${key} LIMIT $2::bigint
        ) page
      ) summed WHERE bytes >= $3::bigint`,
    values: [query.cursor ?? start, query.limit, query.bytesMax],
  });
  const end = row![0]!;
  return end === null ? null : String(end);
}

function placeOf({ places }: ArchiveTable, field: string): string {
  const place = places[field]!;
  return typeof place === "string" ? `t.${place}` : place.read;
}

function recordOf(kinds: readonly [string, FieldKind][], row: Row): AnyRecord {
  const record: AnyRecord = {};
  for (let at = 0; at < kinds.length; at += 1) {
    const [field, kind] = kinds[at]!;
    const cell = row[at + 1]!;
    record[field] = kind === "flag" ? isTrue(cell) : cell;
  }
  return record;
}

/** Booleans are 1 and 0 here, as in the other store. */
function isTrue(cell: Cell): boolean {
  return cell === 1;
}
