// The SQLite adapter of the archive port: opens the data directory itself, under its lock, without the server's threads.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import {
  type AnyRecord,
  ArchiveRefusedError,
  type ArchivePage,
  type FieldKind,
  type ImportMark,
  type ReadQuery,
  type Section,
  SECTIONS,
  type StoreArchive,
} from "../archive.ts";
import { createFrontierWrites, readFrontiers } from "./archive-frontiers.ts";
import { createLineWrites, settleLines } from "./archive-lines.ts";
import { ARCHIVE_TABLES, type ArchiveTable, type TableSection } from "./archive-tables.ts";
import { migrate, openWriter } from "./connection.ts";
import { finishImportMark, openings, putImportMark, readImportMark } from "./import-mark.ts";
import { lockDirectory } from "./lock.ts";
import type { Cell, Row } from "../rows.ts";

// Commits gather in the log until a checkpoint copies them; without one an import would take its space twice.
const LOG_BYTES_MAX = 64 * 1024 ** 2;

export interface SqliteArchiveOptions {
  directory: string;
  /** Whether a database may be made where there is none; the directory must be there. */
  create: boolean;
}

/** Throws DirectoryLockedError while a server runs on the directory. Brings an older database to today's tables. */
export function openSqliteArchive({ directory, create }: SqliteArchiveOptions): StoreArchive {
  const file = join(directory, "posthorn.db");
  if (!create && !existsSync(file))
    throw new ArchiveRefusedError("state", `${directory} is no data directory of Posthorn: it holds no posthorn.db.`);
  const lock = lockDirectory(directory);
  let database: DatabaseSync;
  try {
    database = openWriter(file);
    migrate(database);
  } catch (error) {
    lock.release();
    throw error;
  }
  const writes = createWrites(database);
  let closed = false;
  return {
    kind: "sqlite",
    useMark: async () => useMarkOf(database),
    // The lock keeps servers away for as long as this is open.
    assertUnused: async () => undefined,
    read: createRead(database),
    isEmpty: async () => isEmpty(database),
    importMark: async () => readImportMark(database),
    write: async (mark, section, records) => writes(mark, section, records),
    async finishImport() {
      inTransaction(database, () => {
        settleLines(database);
        finishImportMark(database);
      });
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    },
    async close() {
      if (closed) return;
      closed = true;
      database.close();
      lock.release();
    },
  };
}

/** Which store it is, by what is random in it, and how often a server has opened it. */
function useMarkOf(database: DatabaseSync): string {
  const event = database.prepare("SELECT tail FROM events ORDER BY seq DESC LIMIT 1").get();
  const config = database.prepare("SELECT max(id) AS id FROM config").get();
  return JSON.stringify([openings(database), event?.["tail"] ?? null, config?.["id"] ?? null]);
}

function isEmpty(database: DatabaseSync): boolean {
  return Object.values(ARCHIVE_TABLES).every(({ table }) => database.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined);
}

function createRead(database: DatabaseSync): StoreArchive["read"] {
  const statements = new Map<Section, StatementSync>();
  return async (query) => {
    if (query.section === "marks") return readMarks(database);
    if (query.section === "frontiers") return readFrontiers(database, query);
    const table: ArchiveTable = ARCHIVE_TABLES[query.section];
    let statement = statements.get(query.section);
    if (statement === undefined) {
      statement = database.prepare(selectOf(query.section, table));
      statement.setReturnArrays(true);
      statements.set(query.section, statement);
    }
    return readPage(statement, table, query);
  };
}

function selectOf(section: Section, { from, key, places }: ArchiveTable): string {
  const columns = Object.keys(SECTIONS[section]).map((field) => {
    const place = places[field]!;
    return typeof place === "string" ? `t.${place}` : place.read;
  });
  return `SELECT ${key}, ${columns.join(", ")} FROM ${from} WHERE ${key} > ? ORDER BY ${key} LIMIT ?`;
}

function readPage(statement: StatementSync, { start }: ArchiveTable, { section, cursor, limit, bytesMax }: ReadQuery): ArchivePage {
  const fields = Object.entries<FieldKind>(SECTIONS[section]);
  const from = cursor === null ? start : typeof start === "number" ? Number(cursor) : cursor;
  const records: AnyRecord[] = [];
  let last: Cell = null;
  let bytes = 0;
  let isFull = false;
  for (const row of statement.iterate(from, limit) as unknown as Iterable<Row>) {
    const record: AnyRecord = {};
    for (let at = 0; at < fields.length; at += 1) {
      const [field, kind] = fields[at]!;
      const cell = row[at + 1]!;
      if (cell instanceof Uint8Array) bytes += cell.byteLength;
      else if (typeof cell === "string") bytes += cell.length;
      record[field] = kind === "flag" ? cell === 1 : cell;
    }
    records.push(record);
    last = row[0]!;
    isFull = records.length === limit || bytes >= bytesMax;
    if (isFull) break;
  }
  return { records, next: isFull ? String(last) : null };
}

function readMarks(database: DatabaseSync): ArchivePage {
  const value = (name: string) =>
    (database.prepare("SELECT value FROM progress WHERE name = ?").get(name) as { value: number } | undefined)?.value ?? 0;
  return {
    records: [
      { name: "configVersion", value: value("config_version") },
      { name: "dispatchedThrough", value: value("dispatched_through") },
    ],
    next: null,
  };
}

function createWrites(database: DatabaseSync) {
  const inserts = new Map<Section, (records: readonly AnyRecord[]) => void>();
  const putFrontiers = createFrontierWrites(database);
  const putLines = createLineWrites(database);
  let logBytes = 0;

  function put(section: Section, records: readonly AnyRecord[]): void {
    if (section === "marks") {
      putMarks(database, records);
      return;
    }
    if (section === "frontiers") {
      putFrontiers(records);
      return;
    }
    let insert = inserts.get(section);
    if (insert === undefined) inserts.set(section, (insert = createInsert(database, section, ARCHIVE_TABLES[section])));
    if (section === "events") putDispatched(database, records);
    insert(records);
    if (section === "deliveries") putLines(records);
  }

  return (mark: ImportMark, section: Section, records: readonly AnyRecord[]): void => {
    inTransaction(database, () => {
      const before = readImportMark(database);
      if (before !== null && before.archive !== mark.archive) {
        throw new ArchiveRefusedError("state", `Another archive was imported here: ${before.archive}.`);
      }
      if (before === null || (before.chunk < mark.chunk && !before.finished)) {
        put(section, records);
        putImportMark(database, mark);
      }
    });
    logBytes += bytesOf(records);
    if (logBytes < LOG_BYTES_MAX) return;
    logBytes = 0;
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  };
}

function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    work();
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function createInsert(database: DatabaseSync, section: TableSection, { table, places }: ArchiveTable) {
  const written = Object.entries(places).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  const columns = written.map(([, column]) => column);
  // Keys that differ in halves of surrogate pairs alone are one key here: UTF-8 has no place for them.
  const verb = section === "dedupe" ? "INSERT OR IGNORE" : "INSERT";
  const insert = database.prepare(`${verb} INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`);
  const kinds: Record<string, FieldKind> = SECTIONS[section];
  return (records: readonly AnyRecord[]): void => {
    for (const record of records) {
      insert.run(...written.map(([field]) => cellOf(kinds[field]!, section, field, record[field]!)));
    }
  };
}

/** An ended delivery of another store comes without a lane; nobody asks for it until something gives it one. */
function cellOf(kind: FieldKind, section: Section, field: string, value: AnyRecord[string]): Cell {
  if (kind === "flag") return value === true ? 1 : 0;
  if (section === "deliveries" && field === "lane" && value === null) return 0;
  return value as Cell;
}

function putMarks(database: DatabaseSync, records: readonly AnyRecord[]): void {
  const names: Record<string, string> = { configVersion: "config_version", dispatchedThrough: "dispatched_through" };
  const put = database.prepare(
    "INSERT INTO progress (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = max(value, ?2)",
  );
  for (const { name, value } of records) {
    const row = names[name as string];
    if (row !== undefined && (value as number) > 0) put.run(row, value as number);
  }
}

/**
 * Dispatch walks by seq here, and several nodes did not: what they dispatched behind an event that still waits for it gets
 * a row of its own, so that it is passed over.
 */
function putDispatched(database: DatabaseSync, records: readonly AnyRecord[]): void {
  const walk = database
    .prepare(
      `SELECT value AS through, EXISTS (SELECT 1 FROM events WHERE seq > progress.value) AS gap FROM progress WHERE name = 'dispatched_through'`,
    )
    .get() as { through: number; gap: number };
  const putAhead = database.prepare("INSERT INTO progress (name, value) VALUES (?, ?)");
  let { through } = walk;
  let hasGap = walk.gap === 1;
  for (const { seq, dispatched } of records as { seq: number; dispatched: boolean }[]) {
    if (!dispatched) hasGap ||= seq > through;
    else if (!hasGap) through = Math.max(through, seq);
    else if (seq > through) putAhead.run(`dispatched:${seq}`, seq);
  }
  database.prepare("UPDATE progress SET value = max(value, ?) WHERE name = 'dispatched_through'").run(through);
}

function bytesOf(records: readonly AnyRecord[]): number {
  let bytes = 0;
  for (const record of records) {
    // A row without bodies takes some hundred bytes with its indexes.
    bytes += 500;
    for (const value of Object.values(record)) if (value instanceof Uint8Array) bytes += value.byteLength;
  }
  return bytes;
}
