// How far an import into this database has come. It stands with what the import wrote, and commits with it.
import type { DatabaseSync } from "node:sqlite";
import type { ImportMark, KeptImportMark } from "../archive.ts";

const UNDER_WAY = "import:";
const FINISHED = "imported:";

export function readImportMark(database: DatabaseSync): KeptImportMark | null {
  const row = database.prepare("SELECT name, value FROM progress WHERE name GLOB 'import:*' OR name GLOB 'imported:*'").get() as
    | { name: string; value: number }
    | undefined;
  if (row === undefined) return null;
  return { archive: row.name.slice(row.name.indexOf(":") + 1), chunk: row.value, finished: row.name.startsWith(FINISHED) };
}

export function putImportMark(database: DatabaseSync, { archive, chunk }: ImportMark): void {
  database
    .prepare("INSERT INTO progress (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2")
    .run(`${UNDER_WAY}${archive}`, chunk);
}

export function finishImportMark(database: DatabaseSync): void {
  const mark = readImportMark(database);
  if (mark === null || mark.finished) return;
  database.prepare("UPDATE progress SET name = ? WHERE name = ?").run(`${FINISHED}${mark.archive}`, `${UNDER_WAY}${mark.archive}`);
}

/** A server on half a store would deliver again what the other half says is delivered. */
export function refuseHalfImported(database: DatabaseSync, directory: string): void {
  if (readImportMark(database)?.finished !== false) return;
  throw new Error(
    `An import into ${directory} was interrupted, so a part of its data is missing. Run the same "posthorn import" again to go on with it, or delete the directory.`,
  );
}

/** Counts openings by a server, by which an export that is resumed sees that its first half is out of date. */
export function countOpening(database: DatabaseSync): void {
  database.exec("INSERT INTO progress (name, value) VALUES ('opened', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1");
}

export function openings(database: DatabaseSync): number {
  const row = database.prepare("SELECT value FROM progress WHERE name = 'opened'").get() as { value: number } | undefined;
  return row?.value ?? 0;
}
