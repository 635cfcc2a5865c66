// A directory of files back into an empty store. What is committed carries its mark, so a repeat after a kill goes on behind it.
import { type AnyRecord, ArchiveRefusedError, type KeptImportMark, type StoreArchive } from "../store/archive.ts";
import type { Random } from "../system/random.ts";
import type { Progress } from "./export.ts";
import { readChecked, readPart } from "./files.ts";
import { recordOf } from "./lines.ts";
import { type Manifest, type Part, readManifest } from "./manifest.ts";
import { type ImportKeys, importReseal, openSecrets, type Reseal } from "./secrets.ts";

export interface VerifyOptions {
  directory: string;
  /** Null checks everything but the secrets. */
  keys: Omit<ImportKeys, "targetKey"> | null;
  random: Random;
  onProgress(progress: Progress): void;
}

export interface ImportOptions extends Omit<VerifyOptions, "keys"> {
  /** Opened once the archive is known to be whole. */
  openTarget(): Promise<{ store: StoreArchive; targetKey: Uint8Array }>;
  keys: Omit<ImportKeys, "targetKey">;
}

export interface ImportReport {
  id: string;
  source: Manifest["source"];
  posthorn: string;
  madeAt: string;
  /** Whether it went on with an import that had been interrupted; false where nothing was written. */
  resumed: boolean;
  secrets: "passphrase" | "source-key";
  sections: Manifest["sections"];
  parts: number;
  bytes: number;
}

/** Reads everything and writes nothing. Throws ArchiveRefusedError with the first thing that is wrong. */
export async function verifyArchive({ directory, keys, random, onProgress }: VerifyOptions): Promise<ImportReport> {
  const manifest = await readManifest(directory);
  if (keys !== null) await openSecrets(manifest.id, manifest.secrets, keys, random);
  await readRecords({ directory, manifest, from: 0, onProgress, take: async () => undefined });
  return reportOf(manifest, false);
}

/** Throws ArchiveRefusedError when the archive is not whole, the key is not its own, or the target holds something else. */
export async function importStore({ directory, openTarget, keys, random, onProgress }: ImportOptions): Promise<ImportReport> {
  const manifest = await readManifest(directory);
  // All of it before the first write: half an import helps nobody.
  for (const part of manifest.parts) await readChecked(directory, part.file, part);
  await openSecrets(manifest.id, manifest.secrets, keys, random);
  const { store, targetKey } = await openTarget();
  try {
    const mark = await store.importMark();
    if (mark === null ? !(await store.isEmpty()) : mark.archive !== manifest.id) throw occupied(mark);
    // It was killed between the last commit and saying so.
    if (mark?.finished === true) return reportOf(manifest, true);
    await store.assertUnused();
    const reseal = await importReseal(manifest.id, manifest.secrets, { ...keys, targetKey }, random);
    await writeRecords(store, { directory, manifest, from: mark?.chunk ?? 0, onProgress }, reseal);
    await store.finishImport();
    return reportOf(manifest, mark !== null);
  } finally {
    await store.close();
  }
}

async function writeRecords(store: StoreArchive, reading: Omit<Reading, "take">, reseal: Reseal): Promise<void> {
  const { id } = reading.manifest;
  // An archive without a record is an import too, and until it is finished it is known by its mark.
  if (reading.from === 0) await store.write({ archive: id, chunk: 0 }, "config", []);
  await readRecords({
    ...reading,
    take: (part, number, records) =>
      store.write(
        { archive: id, chunk: number },
        part.section,
        records.map((record) => reseal(part.section, record)),
      ),
  });
}

interface Reading {
  directory: string;
  manifest: Manifest;
  /** Parts that are done already. */
  from: number;
  onProgress: ImportOptions["onProgress"];
  /** Gets whole records: those of parts that end inside a record come with the part that ends it. */
  take(part: Part, number: number, records: AnyRecord[]): Promise<void>;
}

async function readRecords({ directory, manifest, from, onProgress, take }: Reading): Promise<void> {
  const { parts } = manifest;
  const recordsTotal = parts.reduce((sum, { records }) => sum + records, 0);
  let done = parts.slice(0, from).reduce((sum, { records }) => sum + records, 0);
  let bytes = parts.slice(0, from).reduce((sum, part) => sum + part.bytes, 0);
  let held: Buffer[] = [];
  let expected = 0;
  for (let at = from; at < parts.length; at += 1) {
    const part = parts[at]!;
    held.push(await readPart(directory, part.file, part));
    expected += part.records;
    bytes += part.bytes;
    const isOpen = held.at(-1)!.at(-1) !== 10;
    const follower = parts[at + 1];
    if (isOpen && follower?.section === part.section) continue;
    if (isOpen) throw faulty(part, "ends in the middle of a record");
    const records = linesOf(Buffer.concat(held), part);
    if (records.length !== expected) throw faulty(part, `holds ${records.length} records where the manifest says ${expected}`);
    await take(part, at + 1, records);
    done += records.length;
    [held, expected] = [[], 0];
    onProgress({ section: part.section, parts: at + 1, partsTotal: parts.length, records: done, recordsTotal, bytes });
  }
}

function linesOf(text: Buffer, part: Part): AnyRecord[] {
  const records: AnyRecord[] = [];
  for (let at = 0; at < text.byteLength;) {
    const end = text.indexOf(10, at);
    try {
      records.push(recordOf(part.section, text.toString("utf8", at, end)));
    } catch (error) {
      if (error instanceof ArchiveRefusedError) throw faulty(part, error.message);
      throw error;
    }
    at = end + 1;
  }
  return records;
}

function faulty({ file }: Part, what: string): ArchiveRefusedError {
  return new ArchiveRefusedError(
    "damaged",
    `The part ${file} ${what}, although its checksum is right. The program that wrote it was another one or faulty; export again.`,
  );
}

function occupied(mark: KeptImportMark | null): ArchiveRefusedError {
  return new ArchiveRefusedError(
    "state",
    mark === null || mark.finished
      ? "The target is not empty, and an import never mixes two stores. Take a new data directory or an empty database schema."
      : `The target holds half of another archive (${mark.archive}). Go on with that one, or take a new target.`,
  );
}

function reportOf({ id, source, posthorn, madeAt, secrets, sections, parts }: Manifest, resumed: boolean): ImportReport {
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return { id, source, posthorn, madeAt, resumed, secrets: secrets.way, sections, parts: parts.length, bytes };
}
