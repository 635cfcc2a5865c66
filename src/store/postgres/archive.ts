// The PostgreSQL adapter of the archive port: over a database whose tables are there and whose nodes are stopped.
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
import type { Cell, Row } from "../rows.ts";
import { ARCHIVE_TABLES, type ArchiveTable } from "./archive-tables.ts";
import { putRecords } from "./archive-writes.ts";
import type { Database, Queries } from "./connection.ts";

// Longer than a lease: a node that was stopped without a goodbye counts as running for so long.
const NODE_SILENCE_SECONDS = 10;

/** What makes room for rows of any time. */
export interface RangePartitions {
  /** Makes the partitions that rows with these seqs, both included, go to. May be repeated. */
  ensureRange(fromSeq: number, toSeq: number): Promise<void>;
}

export interface PostgresArchiveOptions {
  database: Database;
  partitions: RangePartitions;
  /** Called by `close`. */
  onClose(): Promise<void>;
}

const PARTITIONED: readonly Section[] = ["events", "requests", "deliveries", "attempts"];

export function openPostgresArchive({ database, partitions, onClose }: PostgresArchiveOptions): StoreArchive {
  // All of it runs in transactions, whose search path names the schema.
  const ask = (text: string) => database.transaction((queries) => queries.query({ text }));
  return {
    kind: "postgres",
    async useMark() {
      const [row] = await ask(
        `SELECT (SELECT sum(token) FROM leases), (SELECT last_value FROM positions), (SELECT version FROM config_version),
           (SELECT (extract(epoch FROM max(beat_at)) * 1000)::bigint FROM nodes),
           (SELECT tail FROM events ORDER BY seq DESC LIMIT 1), (SELECT max(id) FROM config)`,
      );
      return JSON.stringify(row);
    },
    async assertUnused() {
      const [row] = await ask(
        `SELECT count(*)::bigint FROM nodes WHERE beat_at > clock_timestamp() - interval '${NODE_SILENCE_SECONDS} seconds'`,
      );
      const running = row![0] as number;
      if (running === 0) return;
      throw new ArchiveRefusedError(
        "state",
        `${running === 1 ? "A node runs" : `${running} nodes run`} on this database. Stop every node and try again; one that was killed counts as running for ${NODE_SILENCE_SECONDS} seconds.`,
      );
    },
    read: (query) => database.transaction((queries) => (query.section === "marks" ? readMarks(queries) : readPage(queries, query))),
    async isEmpty() {
      const tables = Object.values(ARCHIVE_TABLES).map(({ from }: ArchiveTable) => `EXISTS (SELECT 1 FROM ${from})`);
      const [row] = await ask(`SELECT ${tables.join(" OR ")}`);
      return !isTrue(row![0]!);
    },
    importMark: () => database.transaction(readMark),
    async write(mark, section, records) {
      // Partitions are made in transactions of their own, and are no harm when the import ends here.
      if (PARTITIONED.includes(section) && records.length > 0) {
        const seqs = records.map(({ seq }) => seq as number);
        await partitions.ensureRange(
          seqs.reduce((a, b) => Math.min(a, b)),
          seqs.reduce((a, b) => Math.max(a, b)),
        );
      }
      await database.transaction((queries) => writeOnce(queries, mark, section, records));
    },
    finishImport: () => database.transaction(finish),
    close: onClose,
  };
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
      (SELECT max(order_at) FROM deliveries), (SELECT max(order_at) FROM deliveries_done)))`,
  });
  if ((await readMark(queries)) !== null) await queries.query({ text: "UPDATE import_progress SET finished = true" });
}

async function readMarks(queries: Queries): Promise<ArchivePage> {
  const [row] = await queries.query({ text: "SELECT version FROM config_version" });
  return { records: [{ name: "configVersion", value: row![0] as number }], next: null };
}

async function readPage(queries: Queries, query: ReadQuery): Promise<ArchivePage> {
  const { section, cursor, limit } = query;
  const table: ArchiveTable = ARCHIVE_TABLES[section as Exclude<Section, "marks">];
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
