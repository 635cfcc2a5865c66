// Stores to move, where they are moved to, and a look at every table of a data directory.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sha256 } from "../../src/archive/files.ts";
import { exportStore, type ExportReport } from "../../src/archive/export.ts";
import { importStore, type ImportReport } from "../../src/archive/import.ts";
import { createSealer } from "../../src/store/sealer.ts";
import { openSqliteArchive } from "../../src/store/sqlite/archive.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemRandom } from "../../src/system/random.ts";
import { randomRecords, type RecordOptions } from "../kit/archive-records.ts";
import { seededRandom } from "../kit/random.ts";
import { newDirectory } from "../kit/store.ts";
import { writeAll } from "../contract/archive.contract.ts";

export const SOURCE_KEY = new Uint8Array(32).fill(9);
export const TARGET_KEY = new Uint8Array(32).fill(4);

const made: string[] = [];

export function directory(): string {
  const one = newDirectory();
  made.push(one);
  return one;
}

/** Its key file beside it, as a server would have left it. */
export function dataDirectory(key: Uint8Array | null = SOURCE_KEY): string {
  const one = join(directory(), "data");
  mkdirSync(one);
  if (key !== null) writeFileSync(join(one, "secret-key"), `${Buffer.from(key).toString("base64")}\n`);
  return one;
}

export function removeDirectories(): void {
  for (const one of made.splice(0)) rmSync(one, { recursive: true, force: true });
}

/** A data directory with a random store in it. */
export async function filled(seed: number, options: Partial<RecordOptions> = {}): Promise<string> {
  const place = dataDirectory();
  const records = randomRecords(seed, {
    events: 20,
    bodyBytesMax: 2_000,
    loneSurrogates: true,
    places: false,
    dispatchedAnyhow: false,
    key: SOURCE_KEY,
    ...options,
  });
  const store = openSqliteArchive({ directory: place, create: true });
  await writeAll(store, records, 50);
  await store.finishImport();
  await store.close();
  return place;
}

export interface MoveOptions {
  passphrase?: string | null;
  attempts?: boolean;
  onPart?: () => void;
}

export async function exported(
  place: string,
  archive: string,
  { passphrase = null, attempts = true, onPart }: MoveOptions = {},
): Promise<ExportReport> {
  const store = openSqliteArchive({ directory: place, create: false });
  try {
    return await exportStore({
      store,
      directory: archive,
      keys: { sourceKey: SOURCE_KEY, passphrase },
      attempts,
      version: "0.0.0-test",
      clock: systemClock,
      random: systemRandom,
      onProgress: () => onPart?.(),
    });
  } finally {
    await store.close();
  }
}

export function imported(archive: string, place: string, { passphrase = null, onPart }: MoveOptions = {}): Promise<ImportReport> {
  return importStore({
    directory: archive,
    openTarget: async () => ({ store: openSqliteArchive({ directory: place, create: true }), targetKey: TARGET_KEY }),
    keys: { passphrase, sourceKey: passphrase === null ? SOURCE_KEY : null },
    random: systemRandom,
    onProgress: () => onPart?.(),
  });
}

/** How often a server has opened a store, and what was imported into it, is its own. */
function isData({ name }: Record<string, unknown>): boolean {
  return !/^(opened$|import)/.test(String(name));
}

/** Every row of every table as text. Sealed parts are opened: sealing the same twice gives different bytes. */
export function tables(place: string, key: Uint8Array): Record<string, string[]> {
  const database = new DatabaseSync(join(place, "posthorn.db"), { readOnly: true });
  const sealer = createSealer(key, seededRandom("tables"));
  const names = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .all() as { name: string }[];
  const text = (table: string) => (row: Record<string, unknown>) => {
    const plain = { ...row };
    if (table === "config" && row["sealed"] !== null)
      plain["sealed"] = sealer.open(`${String(row["kind"])}:${String(row["id"])}`, row["sealed"] as Uint8Array);
    if (table === "idempotency") plain["response"] = sealer.open(`idempotency:${String(row["key"])}`, row["response"] as Uint8Array);
    return JSON.stringify(plain, (_, value: unknown) => (value instanceof Uint8Array ? sha256(value) : value));
  };
  const all = Object.fromEntries(
    names.map(({ name }) => {
      const rows = database.prepare(`SELECT * FROM ${name}`).all().filter(isData) as Record<string, unknown>[];
      return [name, rows.map(text(name)).toSorted()];
    }),
  );
  database.close();
  return all;
}
