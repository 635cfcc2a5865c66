// DER (ITU-T X.690), as much of it as keys and ECDSA signatures need: reading elements, and writing them again.
import { decode } from "./encoding.ts";

export const tags = {
  sequence: 0x30,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  utcTime: 0x17,
  generalizedTime: 0x18,
  explicitVersion: 0xa0,
} as const;

export interface Element {
  readonly tag: number;
  /** Where the element, its content, and what follows it begin. */
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/** The DER elements that fill `from` to `to` exactly, or undefined when they do not. */
export function children(bytes: Uint8Array, from: number, to: number): Element[] | undefined {
  const elements: Element[] = [];
  for (let at = from; at < to;) {
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1] ?? 0x80;
    let start = at + 2;
    if (length >= 0x80) {
      const size = length - 0x80;
      if (size < 1 || size > 3) return undefined;
      length = 0;
      for (let index = 0; index < size; index++) length = length * 256 + (bytes[start + index] ?? 0);
      start += size;
    }
    if (start + length > to) return undefined;
    elements.push({ tag, at, start, end: start + length });
    at = start + length;
  }
  return elements;
}

/** The elements inside a SEQUENCE; none when it is something else or badly formed. */
export function fieldsOf(bytes: Uint8Array, sequence: Element | undefined): readonly Element[] {
  return sequence?.tag === tags.sequence ? (children(bytes, sequence.start, sequence.end) ?? []) : [];
}

export function integer(bytes: Uint8Array): Uint8Array {
  // The first bit of an INTEGER is its sign.
  return (bytes[0] ?? 0) >= 0x80 ? element(tags.integer, Uint8Array.of(0), bytes) : element(tags.integer, bytes);
}

export function element(tag: number, ...contents: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const content = concat(...contents);
  const { length } = content;
  if (length < 0x80) return concat(Uint8Array.of(tag, length), content);
  return length < 0x100
    ? concat(Uint8Array.of(tag, 0x81, length), content)
    : concat(Uint8Array.of(tag, 0x82, length >> 8, length & 255), content);
}

export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function bytesOf(hex: string): Uint8Array {
  return decode("hex", hex) ?? new Uint8Array();
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
