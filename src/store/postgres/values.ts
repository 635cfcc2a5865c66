// Values on their way to the server and back: lists of texts and bytes in PostgreSQL's binary form, which nobody has to quote or parse.
import type { Cell } from "../rows.ts";
import type { Value } from "./connection.ts";
import { keepable, restored } from "./text.ts";

/** Type numbers of PostgreSQL, the same in every version. */
const OID = { bool: 16, bytea: 17, int8: 20, int2: 21, int4: 23, text: 25, float8: 701, numeric: 1700 } as const;

// Dimensions, flags, type of the elements, length, lower bound: 4 bytes each.
const ARRAY_HEAD_BYTES = 20;
const ELEMENT_HEAD_BYTES = 4;

/** What the driver is given for a value. Lists are put into their form here: the driver quotes each element by itself, at ten times the cost. */
export function bound(value: Value): unknown {
  if (typeof value === "string") return keepable(value);
  if (value instanceof Uint8Array) return bufferOf(value);
  if (!Array.isArray(value)) return value;
  const list = value as readonly (string | number | boolean | null | Uint8Array)[];
  const kind = list.find((element) => element !== null);
  if (typeof kind === "string") return textArray(list.map((element) => (element === null ? null : keepable(element as string))));
  if (kind instanceof Uint8Array) return binaryArray(list.map((element) => (element === null ? null : bufferOf(element as Uint8Array))));
  // Numbers and booleans hold nothing that would have to be quoted.
  return `{${list.map((element) => element ?? "NULL").join(",")}}`;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textArray(elements: readonly (string | null)[]): Buffer {
  const out = openArray(OID.text, elements, (element) => Buffer.byteLength(element));
  let at = ARRAY_HEAD_BYTES;
  for (const element of elements) {
    const bytes = element === null ? -1 : out.write(element, at + ELEMENT_HEAD_BYTES, "utf8");
    at = out.writeInt32BE(bytes, at) + Math.max(0, bytes);
  }
  return out;
}

function binaryArray(elements: readonly (Buffer | null)[]): Buffer {
  const out = openArray(OID.bytea, elements, (element) => element.byteLength);
  let at = ARRAY_HEAD_BYTES;
  for (const element of elements) {
    at = out.writeInt32BE(element === null ? -1 : element.byteLength, at);
    if (element !== null) at += element.copy(out, at);
  }
  return out;
}

/** Room for all of it, with its head. */
function openArray<T>(type: number, elements: readonly (T | null)[], sizeOf: (element: T) => number): Buffer {
  let bytes = ARRAY_HEAD_BYTES;
  for (const element of elements) bytes += ELEMENT_HEAD_BYTES + (element === null ? 0 : sizeOf(element));
  const out = Buffer.allocUnsafe(bytes);
  out.writeInt32BE(1, 0);
  out.writeInt32BE(elements.includes(null) ? 1 : 0, 4);
  out.writeInt32BE(type, 8);
  out.writeInt32BE(elements.length, 12);
  out.writeInt32BE(1, 16);
  return out;
}

/** How columns come back, by their type: numbers are below 2^53, booleans are 1 and 0 as SQLite has them, everything else is text. */
export function cellParser(type: number): (text: string) => Cell {
  switch (type) {
    case OID.int8:
    case OID.int4:
    case OID.int2:
    case OID.float8:
    case OID.numeric:
      return Number;
    case OID.bool:
      return (text) => (text === "t" ? 1 : 0);
    case OID.bytea:
      return bytesOf;
    default:
      return restored;
  }
}

/** The server sends bytes as `\x` and hexadecimal digits. */
function bytesOf(text: string): Uint8Array {
  const buffer = Buffer.from(text.slice(2), "hex");
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
