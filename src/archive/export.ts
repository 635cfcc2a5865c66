// A store out into a directory of files, part by part. Killed at any moment, it goes on behind its last whole part.
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type AnyRecord, ArchiveRefusedError, type Section, SECTION_ORDER, type StoreArchive } from "../store/archive.ts";
import type { Clock } from "../system/clock.ts";
import type { Random } from "../system/random.ts";
import { makeArchiveDirectory, PART_BYTES_MAX, writePart } from "./files.ts";
import { addToJournal, beginJournal, endJournal, type JournalEntry, resumeJournal } from "./journal.ts";
import { lineOf } from "./lines.ts";
import { type ArchiveHeader, countSections, FORMAT, MANIFEST_FILE, type Part, partName, readManifest, writeManifest } from "./manifest.ts";
import { type ExportKeys, exportReseal, newSecrets, type Reseal } from "./secrets.ts";

export interface ExportOptions {
  store: StoreArchive;
  directory: string;
  keys: ExportKeys;
  /** False leaves attempts out: often the largest part, and nothing that is still to come needs them. */
  attempts: boolean;
  version: string;
  clock: Clock;
  random: Random;
  onProgress(progress: Progress): void;
}

export interface Progress {
  section: Section;
  /** Parts and records done; of all of them, where that is known. */
  parts: number;
  partsTotal: number | null;
  records: number;
  recordsTotal: number | null;
  /** Of the files. */
  bytes: number;
}

export interface ExportReport {
  id: string;
  /** Whether it went on with an export that had been interrupted. */
  resumed: boolean;
  secrets: "passphrase" | "source-key";
  sections: Record<Section, number>;
  parts: number;
  bytes: number;
}

// What one page may hold: with its base64 it is about a part.
const PAGE_RECORDS_MAX = 2_000;
const PAGE_BYTES_MAX = 4 * 1024 ** 2;
/** Pages are gathered until they are worth a file. */
const PART_BYTES_MIN = 4 * 1024 ** 2;

/** Throws ArchiveRefusedError when the store is in use or half imported, and when the directory holds something else. */
export async function exportStore(options: ExportOptions): Promise<ExportReport> {
  const { store, directory, keys, random } = options;
  if ((await store.importMark())?.finished === false) {
    throw new ArchiveRefusedError(
      "state",
      "An import into this store was interrupted, so a part of its data is missing. Finish the import first.",
    );
  }
  await store.assertUnused();
  const useMark = await store.useMark();
  await makeArchiveDirectory(directory);
  const begun = await resumeJournal(directory);
  const done = begun === null ? await finishedBefore(options, useMark) : null;
  if (done !== null) return done;
  const { head, entries } = begun === null ? { head: await begin(options, useMark), entries: [] } : begun;
  if (begun !== null) assertSame(options, useMark, head);
  const reseal = await exportReseal(head.id, head.secrets, keys, random);
  const under: UnderWay = { entries, records: sumOf(entries, "records"), bytes: sumOf(entries, "bytes") };
  for (const section of sectionsOf(head).slice(placeOf(head, entries))) await exportSection(section, options, reseal, under);
  await store.assertUnused();
  if ((await store.useMark()) !== useMark) throw inUse(directory);
  return finish(directory, head, entries, begun !== null);
}

function sectionsOf({ attempts }: ArchiveHeader): Section[] {
  return SECTION_ORDER.filter((section) => attempts || section !== "attempts");
}

/** The first section with something left; one that is empty is looked at again. */
function placeOf(head: ArchiveHeader, entries: readonly JournalEntry[]): number {
  const last = entries.at(-1);
  return last === undefined ? 0 : sectionsOf(head).indexOf(last.section) + (last.next === null ? 1 : 0);
}

/** What was begun must go on in the same way, from a store that nobody has used since. */
function assertSame({ store, directory, keys, attempts }: ExportOptions, useMark: string, head: ArchiveHeader): void {
  if (head.source !== store.kind || head.useMark !== useMark) throw inUse(directory);
  const way = keys.passphrase === null ? "source-key" : "passphrase";
  if (head.attempts === attempts && head.secrets.way === way) return;
  const begun = `${head.secrets.way === "passphrase" ? "with" : "without"} a passphrase and ${head.attempts ? "with" : "without"} attempts`;
  throw new ArchiveRefusedError(
    "state",
    `The export in ${directory} was begun ${begun}. Go on with it in the same way, or take another directory.`,
  );
}

/** Of the same store, unused since: whoever was killed before hearing the end hears it now. */
async function finishedBefore(options: ExportOptions, useMark: string): Promise<ExportReport | null> {
  const { store, directory } = options;
  const names = await readdir(directory);
  if (!names.includes(MANIFEST_FILE)) return null;
  const manifest = await readManifest(directory);
  if (manifest.source !== store.kind || manifest.useMark !== useMark) {
    throw new ArchiveRefusedError(
      "state",
      `${directory} holds a finished archive of another store, or of this one before a server used it again. Take another directory, or delete this one.`,
    );
  }
  assertSame(options, useMark, manifest);
  return reportOf(manifest, manifest.parts, true);
}

async function begin({ store, directory, keys, attempts, version, clock, random }: ExportOptions, useMark: string): Promise<ArchiveHeader> {
  const names = await readdir(directory);
  if (names.some((name) => !isTemporary(name))) {
    throw new ArchiveRefusedError("state", `${directory} is not empty. Take another directory.`);
  }
  const id = Buffer.from(random.fill(new Uint8Array(16))).toString("hex");
  const head: ArchiveHeader = {
    format: FORMAT,
    id,
    posthorn: version,
    source: store.kind,
    madeAt: new Date(clock.now()).toISOString(),
    attempts,
    secrets: await newSecrets(id, keys, random),
    useMark,
  };
  await beginJournal(directory, head);
  return head;
}

interface UnderWay {
  entries: JournalEntry[];
  /** Of all entries. */
  records: number;
  bytes: number;
}

function sumOf(parts: readonly Part[], of: "records" | "bytes"): number {
  return parts.reduce((sum, part) => sum + part[of], 0);
}

async function exportSection(
  section: Section,
  { store, directory, onProgress }: ExportOptions,
  reseal: Reseal,
  under: UnderWay,
): Promise<void> {
  const { entries } = under;
  const last = entries.at(-1);
  let cursor = last?.section === section ? (last.next ?? null) : null;
  do {
    const batch = await gather(store, section, cursor, reseal);
    cursor = batch.next;
    if (batch.records === 0) continue;
    const written = await writeBatch(directory, section, batch, entries.length);
    await addToJournal(directory, written);
    entries.push(...written);
    under.records += batch.records;
    under.bytes += sumOf(written, "bytes");
    onProgress({ section, parts: entries.length, partsTotal: null, records: under.records, recordsTotal: null, bytes: under.bytes });
  } while (cursor !== null);
}

interface Batch {
  text: Buffer;
  records: number;
  next: string | null;
}

async function gather(store: StoreArchive, section: Section, from: string | null, reseal: Reseal): Promise<Batch> {
  const lines: Buffer[] = [];
  let bytes = 0;
  let cursor = from;
  do {
    const page: { records: AnyRecord[]; next: string | null } = await store.read({
      section,
      cursor,
      limit: PAGE_RECORDS_MAX,
      bytesMax: PAGE_BYTES_MAX,
    });
    for (const record of page.records) {
      const line = Buffer.from(lineOf(section, reseal(section, record)));
      bytes += line.byteLength;
      lines.push(line);
    }
    cursor = page.next;
  } while (cursor !== null && bytes < PART_BYTES_MIN);
  return { text: Buffer.concat(lines), records: lines.length, next: cursor };
}

/** Usually one part. More where a record is large: they are cut anywhere, and only whole they are records. */
async function writeBatch(directory: string, section: Section, { text, records, next }: Batch, before: number): Promise<JournalEntry[]> {
  const written: JournalEntry[] = [];
  let counted = 0;
  for (let at = 0; at < text.byteLength; at += PART_BYTES_MAX) {
    const piece = text.subarray(at, at + PART_BYTES_MAX);
    const file = partName(before + written.length + 1, section);
    const isLast = at + PART_BYTES_MAX >= text.byteLength;
    const ended = isLast ? records - counted : lineBreaks(piece);
    counted += ended;
    written.push({ file, section, records: ended, ...(await writePart(directory, file, piece)), ...(isLast ? { next } : {}) });
  }
  return written;
}

function lineBreaks(text: Buffer): number {
  let count = 0;
  for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) count += 1;
  return count;
}

async function finish(directory: string, header: ArchiveHeader, entries: JournalEntry[], resumed: boolean): Promise<ExportReport> {
  const parts = entries.map(({ next: __, ...part }) => part);
  const sections = countSections(parts);
  const files = new Set(parts.map(({ file }) => file));
  for (const name of await readdir(directory)) {
    // A kill left a part that was not in the journal yet, or half a file.
    if (isTemporary(name) || (name.endsWith(".ndjson.gz") && !files.has(name))) await rm(join(directory, name), { force: true });
  }
  await writeManifest(directory, { ...header, sections, parts });
  await endJournal(directory);
  return reportOf(header, parts, resumed);
}

function reportOf({ id, secrets }: ArchiveHeader, parts: readonly Part[], resumed: boolean): ExportReport {
  return { id, resumed, secrets: secrets.way, sections: countSections(parts), parts: parts.length, bytes: sumOf(parts, "bytes") };
}

function isTemporary(name: string): boolean {
  return name.startsWith(".") && name.endsWith(".part");
}

function inUse(directory: string): ArchiveRefusedError {
  return new ArchiveRefusedError(
    "state",
    `A server has used the store since the export into ${directory} began, so its first part no longer fits the rest. Delete ${directory}, stop the servers and export again.`,
  );
}
