// The manifest of an archive: what is in it, and by which checksums it is known to be whole.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ArchiveRefusedError, type Section, SECTION_ORDER } from "../store/archive.ts";
import { type PartFacts, sha256, writeWhole } from "./files.ts";
import type { SecretsHeader } from "./secrets.ts";

export const FORMAT = 1;
export const MANIFEST_FILE = "manifest.json";

export interface ArchiveHeader {
  format: number;
  /** Random, so that an import knows the archive it was interrupted in. */
  id: string;
  /** Version of the program that wrote it. */
  posthorn: string;
  source: "sqlite" | "postgres";
  /** RFC 3339; when the export began. */
  madeAt: string;
  /** False where attempts were left out. */
  attempts: boolean;
  secrets: SecretsHeader;
  /** Of the store, by StoreArchive.useMark: an export goes on only with the same one. */
  useMark: string;
}

export interface Part extends PartFacts {
  file: string;
  section: Section;
  /** Records that end in this part. */
  records: number;
}

export interface Manifest extends ArchiveHeader {
  /** Records of each section. */
  sections: Record<Section, number>;
  parts: Part[];
}

export function countSections(parts: readonly Part[]): Record<Section, number> {
  const counts = Object.fromEntries(SECTION_ORDER.map((section) => [section, 0])) as Record<Section, number>;
  for (const { section, records } of parts) counts[section] += records;
  return counts;
}

/** `checksum` is over the document without it, as written here. */
export async function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  const checksum = sha256(JSON.stringify(manifest));
  await writeWhole(directory, MANIFEST_FILE, `${JSON.stringify({ ...manifest, checksum }, null, 2)}\n`);
}

/** Throws ArchiveRefusedError when there is none, it was changed, or it is of a newer format. */
export async function readManifest(directory: string): Promise<Manifest> {
  let text: string;
  try {
    text = await readFile(join(directory, MANIFEST_FILE), "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    throw new ArchiveRefusedError(
      "damaged",
      `${directory} holds no ${MANIFEST_FILE}: it is no archive, or its export was not finished. Run the export again; it goes on where it stopped.`,
    );
  }
  const given = parsed(text);
  const format = given["format"];
  // Before the checksum: a newer format may compute another one.
  if (typeof format === "number" && format > FORMAT) {
    throw new ArchiveRefusedError(
      "damaged",
      `${MANIFEST_FILE} is of format ${format}, and this Posthorn reads up to ${FORMAT}. Import with the version that made it (${String(given["posthorn"])}) or a newer one.`,
    );
  }
  const { checksum, ...manifest } = given;
  if (format !== FORMAT || checksum !== sha256(JSON.stringify(manifest))) throw damaged();
  // Whoever can make the checksum right wrote the manifest; the shape is looked at so that a mistake ends in a sentence.
  const { id, sections, parts } = manifest as unknown as Manifest;
  if (typeof id !== "string" || !/^[0-9a-f]{32}$/.test(id) || !Array.isArray(parts) || !parts.every(isPart)) throw damaged();
  if (JSON.stringify(countSections(parts)) !== JSON.stringify(sections)) throw damaged();
  return manifest as unknown as Manifest;
}

export function partName(number: number, section: Section): string {
  return `${String(number).padStart(6, "0")}-${section}.ndjson.gz`;
}

/** Also of a line of the journal. A name is one of ours, so that no path leads out of the archive. */
export function isPart(value: unknown): value is Part {
  if (typeof value !== "object" || value === null) return false;
  const { file, section, records, bytes, sha256: sum } = value as Record<string, unknown>;
  return (
    typeof file === "string" &&
    /^\d{6,12}-[a-z]+\.ndjson\.gz$/.test(file) &&
    SECTION_ORDER.includes(section as Section) &&
    Number.isSafeInteger(records) &&
    Number.isSafeInteger(bytes) &&
    typeof sum === "string" &&
    /^[0-9a-f]{64}$/.test(sum)
  );
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // The sentence below says it.
  }
  throw damaged();
}

function damaged(): ArchiveRefusedError {
  return new ArchiveRefusedError(
    "damaged",
    `${MANIFEST_FILE} is not what was exported: its checksum is wrong. Copy the archive again from where it was made, or export again.`,
  );
}
