// How far an export has come: one line per part that is on the disk. The manifest takes its place at the end.
import { readFile, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { ArchiveRefusedError } from "../store/archive.ts";
import { appendDurably, syncDirectory, writeWhole } from "./files.ts";
import { type ArchiveHeader, FORMAT, isPart, type Part } from "./manifest.ts";

const JOURNAL_FILE = "export.progress";

export interface JournalEntry extends Part {
  /** Where reading goes on behind this part: a cursor, or null when the section has ended. Absent inside a batch of parts. */
  next?: string | null;
}

export interface Journal {
  head: ArchiveHeader;
  /** Whole batches only. */
  entries: JournalEntry[];
}

export async function beginJournal(directory: string, head: ArchiveHeader): Promise<void> {
  await writeWhole(directory, JOURNAL_FILE, `${JSON.stringify(head)}\n`);
}

/** The parts of a batch must be on the disk. */
export async function addToJournal(directory: string, entries: readonly JournalEntry[]): Promise<void> {
  await appendDurably(directory, JOURNAL_FILE, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
}

export async function endJournal(directory: string): Promise<void> {
  await rm(join(directory, JOURNAL_FILE), { force: true });
  await syncDirectory(directory);
}

/** Null when no export was begun here. What a kill left half written is cut off. */
export async function resumeJournal(directory: string): Promise<Journal | null> {
  const path = join(directory, JOURNAL_FILE);
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  const lines = content.toString("utf8").split("\n");
  // What follows the last line break was being written.
  lines.pop();
  const head = parsed(lines.shift());
  if (!isHead(head)) throw unreadable(path);
  const entries: JournalEntry[] = [];
  let kept = Buffer.byteLength(`${JSON.stringify(head)}\n`);
  let bytes = kept;
  let batch: JournalEntry[] = [];
  for (const line of lines) {
    const entry = parsed(line);
    if (!isPart(entry)) break;
    bytes += Buffer.byteLength(line) + 1;
    const found: JournalEntry = entry;
    batch.push(found);
    if (found.next === undefined) continue;
    if (!(await allThere(directory, batch))) break;
    entries.push(...batch);
    batch = [];
    kept = bytes;
  }
  await truncate(path, kept);
  return { head, entries };
}

async function allThere(directory: string, batch: readonly JournalEntry[]): Promise<boolean> {
  for (const { file, bytes } of batch) {
    const found = await stat(join(directory, file)).catch(() => null);
    if (found?.size !== bytes) return false;
  }
  return true;
}

function parsed(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? "");
  } catch {
    return null;
  }
}

function isHead(value: unknown): value is ArchiveHeader {
  return typeof value === "object" && value !== null && "format" in value && value.format === FORMAT && "useMark" in value;
}

function unreadable(path: string): ArchiveRefusedError {
  return new ArchiveRefusedError(
    "state",
    `${path} cannot be read: another version wrote it, or it was damaged. Delete the directory and export again.`,
  );
}
