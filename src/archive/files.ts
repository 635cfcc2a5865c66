// Files of an archive: whole or not there, on the disk before anything speaks of them, and readable by their owner only.
import { createHash } from "node:crypto";
import { appendFile, mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { ArchiveRefusedError } from "../store/archive.ts";

const OWNER_ONLY = 0o600;
const DIRECTORY_OWNER_ONLY = 0o700;

/** One part is at most so much text. A record that is longer goes over several parts, so a file never has 16 MiB. */
export const PART_BYTES_MAX = 8 * 1024 ** 2;

const pack = promisify(gzip);
const unpack = promisify(gunzip);

export async function makeArchiveDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: DIRECTORY_OWNER_ONLY });
}

/** After this resolves, the file is there with this content whatever happens to the machine; before, it is not there at all. */
export async function writeWhole(directory: string, name: string, content: Uint8Array | string): Promise<void> {
  const temporary = join(directory, `.${name}.part`);
  const file = await open(temporary, "w", OWNER_ONLY);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(directory, name));
  await syncDirectory(directory);
}

/** Adds to a file and waits for the disk. A kill in between leaves a part of the line, which whoever reads has to cut off. */
export async function appendDurably(directory: string, name: string, line: string): Promise<void> {
  await appendFile(join(directory, name), line, { mode: OWNER_ONLY, flush: true });
}

export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export interface PartFacts {
  bytes: number;
  sha256: string;
}

export async function writePart(directory: string, name: string, text: Uint8Array): Promise<PartFacts> {
  // Level 1: base64 of bodies shrinks by its own quarter at any level, and higher ones take 3 times as long.
  const packed = await pack(text, { level: 1 });
  await writeWhole(directory, name, packed);
  return { bytes: packed.byteLength, sha256: sha256(packed) };
}

/** The text of a part, which must be what the manifest says. Throws ArchiveRefusedError with what to do. */
export async function readPart(directory: string, name: string, facts: PartFacts): Promise<Buffer> {
  const packed = await readChecked(directory, name, facts);
  try {
    return await unpack(packed, { maxOutputLength: PART_BYTES_MAX });
  } catch {
    throw new ArchiveRefusedError(
      "damaged",
      `The part ${name} cannot be unpacked although its checksum is right. The export that wrote it was faulty; export again.`,
    );
  }
}

export async function readChecked(directory: string, name: string, facts: PartFacts): Promise<Buffer> {
  let packed: Buffer;
  try {
    packed = await readFile(join(directory, name));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code !== "ENOENT") throw error;
    throw new ArchiveRefusedError("damaged", `The part ${name} is missing from ${directory}. ${COPY_AGAIN}`);
  }
  if (packed.byteLength !== facts.bytes) {
    throw new ArchiveRefusedError(
      "damaged",
      `The part ${name} has ${packed.byteLength} bytes where the manifest says ${facts.bytes}. ${COPY_AGAIN}`,
    );
  }
  if (sha256(packed) !== facts.sha256) {
    throw new ArchiveRefusedError(
      "damaged",
      `The part ${name} is not what was exported: its SHA-256 differs from the manifest's. ${COPY_AGAIN}`,
    );
  }
  return packed;
}

const COPY_AGAIN = "Copy the archive again from where it was made, or export again. Nothing of a damaged part is imported.";

export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}
