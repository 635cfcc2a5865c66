// Where the parts of a JSON text stand, in bytes: items of a batch and the data of a CloudEvent are cut out, never written anew.
//
// As strict as JSON.parse (RFC 8259), and like it the last of equal names counts, so that no other reader sees other parts.
import { utf8Text } from "./encoding.ts";
import { limits } from "./limits.ts";

export interface Span {
  readonly start: number;
  /** The first byte after it. */
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NONE = -1;

/** The one value of a JSON text in UTF-8, or undefined when it is none or is nested deeper than `limits.jsonDepthMax`. */
export function jsonRoot(bytes: Uint8Array): Span | undefined {
  if (utf8Text(bytes) === undefined) return undefined;
  // A byte order mark is taken, as by everyone else who decodes the body.
  const start = skipSpace(bytes, bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);
  const end = valueEnd(bytes, start, 0);
  return end !== NONE && skipSpace(bytes, end) === bytes.length ? { start, end } : undefined;
}

/** The items of an array found by this file; undefined when it is none or has more than `limits.batchItemsMax`. */
export function jsonItems(bytes: Uint8Array, { start }: Span): Span[] | undefined {
  if (bytes[start] !== 0x5b) return undefined;
  const items: Span[] = [];
  containerEnd(bytes, start, 0, (_key, item) => items.length <= limits.batchItemsMax && items.push(item));
  return items.length > limits.batchItemsMax ? undefined : items;
}

/** The members of an object found by this file, by their decoded names; undefined when it is none. */
export function jsonMembers(bytes: Uint8Array, { start }: Span): ReadonlyMap<string, Span> | undefined {
  if (!isJsonObject(bytes, { start })) return undefined;
  const members = new Map<string, Span>();
  containerEnd(bytes, start, 0, (key, value) => members.set(jsonValue(bytes, key) as string, value));
  return members;
}

export function isJsonObject(bytes: Uint8Array, { start }: Pick<Span, "start">): boolean {
  return bytes[start] === 0x7b;
}

/** The parsed value of a span found by this file. */
export function jsonValue(bytes: Uint8Array, { start, end }: Span): unknown {
  return JSON.parse(utf8Text(bytes.subarray(start, end)) ?? "null");
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
}

/** The end of the value that starts at `at`, or NONE where no value stands. */
function valueEnd(bytes: Uint8Array, at: number, depth: number): number {
  switch (bytes[at]) {
    case QUOTE:
      return stringEnd(bytes, at);
    case 0x7b:
    case 0x5b:
      return containerEnd(bytes, at, depth);
    case 0x74:
      return literalEnd(bytes, at, "true");
    case 0x66:
      return literalEnd(bytes, at, "false");
    case 0x6e:
      return literalEnd(bytes, at, "null");
    default:
      return numberEnd(bytes, at);
  }
}

type Child = (key: Span, value: Span) => void;

function containerEnd(bytes: Uint8Array, from: number, depth: number, child?: Child): number {
  if (depth >= limits.jsonDepthMax) return NONE;
  const isObject = bytes[from] === 0x7b;
  const close = isObject ? 0x7d : 0x5d;
  let at = skipSpace(bytes, from + 1);
  if (bytes[at] === close) return at + 1;
  for (;;) {
    const keyStart = at;
    let keyEnd = at;
    if (isObject) {
      keyEnd = bytes[at] === QUOTE ? stringEnd(bytes, at) : NONE;
      if (keyEnd === NONE) return NONE;
      at = skipSpace(bytes, keyEnd);
      if (bytes[at] !== 0x3a) return NONE;
      at = skipSpace(bytes, at + 1);
    }
    const end = valueEnd(bytes, at, depth + 1);
    if (end === NONE) return NONE;
    child?.({ start: keyStart, end: keyEnd }, { start: at, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === close) return at + 1;
    if (bytes[at] !== 0x2c) return NONE;
    at = skipSpace(bytes, at + 1);
  }
}

const escapes = new Set(Array.from('"\\/bfnrt', (letter) => letter.charCodeAt(0)));

function stringEnd(bytes: Uint8Array, from: number): number {
  for (let at = from + 1; ; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    // Also the end of the bytes: undefined is not at least 0x20.
    if (!(byte !== undefined && byte >= 0x20)) return NONE;
    if (byte !== BACKSLASH) continue;
    at++;
    if (bytes[at] === 0x75) {
      for (let digit = 1; digit <= 4; digit++) if (!isHex(bytes[at + digit])) return NONE;
      at += 4;
    } else if (!escapes.has(bytes[at] ?? 0)) return NONE;
  }
}

function isHex(byte = 0): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

function isDigit(byte = 0): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function literalEnd(bytes: Uint8Array, at: number, literal: string): number {
  for (let index = 0; index < literal.length; index++) if (bytes[at + index] !== literal.charCodeAt(index)) return NONE;
  return at + literal.length;
}

function numberEnd(bytes: Uint8Array, from: number): number {
  let at = bytes[from] === 0x2d ? from + 1 : from;
  if (!isDigit(bytes[at])) return NONE;
  // A zero stands alone before the point.
  at = bytes[at] === 0x30 ? at + 1 : digitsEnd(bytes, at);
  if (bytes[at] === 0x2e) {
    if (!isDigit(bytes[at + 1])) return NONE;
    at = digitsEnd(bytes, at + 1);
  }
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    at += bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d ? 2 : 1;
    if (!isDigit(bytes[at])) return NONE;
    at = digitsEnd(bytes, at);
  }
  return at;
}

function digitsEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(bytes[at])) at++;
  return at;
}
