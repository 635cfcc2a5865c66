// Records of the archive as lines of JSON and back. What comes back is checked field by field: a file is input.
import { type AnyRecord, ArchiveRefusedError, type FieldKind, type Section, SECTIONS } from "../store/archive.ts";

export function lineOf(section: Section, record: AnyRecord): string {
  const line: Record<string, string | number | boolean | null> = {};
  for (const field of Object.keys(SECTIONS[section])) {
    const value = record[field]!;
    line[field] = value instanceof Uint8Array ? base64(value) : value;
  }
  return `${JSON.stringify(line)}\n`;
}

/** Throws ArchiveRefusedError, without saying where: the caller knows the file. */
export function recordOf(section: Section, line: string): AnyRecord {
  let given: unknown;
  try {
    given = JSON.parse(line);
  } catch {
    throw new ArchiveRefusedError("damaged", "holds a line that is no JSON");
  }
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new ArchiveRefusedError("damaged", "holds a line that is no object");
  const kinds: Record<string, FieldKind> = SECTIONS[section];
  const stranger = Object.keys(given).find((field) => !Object.hasOwn(kinds, field));
  if (stranger !== undefined) {
    throw new ArchiveRefusedError("damaged", `has a field this version does not know (${stranger}); import it with a newer Posthorn`);
  }
  const record: AnyRecord = {};
  for (const [field, kind] of Object.entries(kinds)) {
    record[field] = valueOf(kind, field, (given as Record<string, unknown>)[field]);
  }
  return record;
}

/** A field that a later version added is absent in older archives, which is why it must be one that may be null or a flag. */
function valueOf(kind: FieldKind, field: string, value: unknown): AnyRecord[string] {
  if (value === undefined && kind === "flag") return false;
  if ((value === undefined || value === null) && kind.endsWith("?")) return null;
  switch (kind) {
    case "text":
    case "text?":
      if (typeof value === "string") return value;
      break;
    case "count":
    case "count?":
      if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
      break;
    case "whole":
    case "whole?":
      if (typeof value === "number" && Number.isSafeInteger(value)) return value;
      break;
    case "flag":
      if (typeof value === "boolean") return value;
      break;
    case "bytes":
    case "bytes?":
      if (typeof value === "string") return bytesOf(value, field);
      break;
  }
  throw new ArchiveRefusedError("damaged", `has a record whose ${field} is not what it should be`);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function bytesOf(text: string, field: string): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  // The decoder passes over what is no base64; the length tells.
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  if (text.length % 4 !== 0 || bytes.byteLength !== (text.length / 4) * 3 - padding) {
    throw new ArchiveRefusedError("damaged", `has a record whose ${field} is no base64`);
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
