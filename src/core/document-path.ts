// Paths into a JSON document, such as `data.object.id` or `items[0].sku`: one syntax for filters, dedupe and ordering keys.

const PATH_CHARACTERS_MAX = 500;
const PATH_SEGMENTS_MAX = 64;

/** A key, an array position, or the position of the n-th enclosing loop (`$index`, counted from the outermost). */
export type PathSegment = { kind: "key"; key: string } | { kind: "position"; position: number } | { kind: "loop"; loop: number };

export interface CompiledPath {
  text: string;
  segments: readonly PathSegment[];
  /**
   * The value at the path, or undefined when any part of it is absent. Only own properties count, so `__proto__` and
   * `constructor` are plain data. `loopPositions` gives `$index` its meaning; without it such a path finds nothing.
   */
  get(document: unknown, loopPositions?: readonly number[]): unknown;
}

export type CompiledPathResult = { ok: true; path: CompiledPath } | { ok: false; message: string };

/**
 * Compiles `a.b`, `items[0].sku` and `labels["a.b"]` (the quoted form takes any key, as a JSON string).
 * `items[$index].sku` is refused unless `allowIndex` is set, because it has a meaning only inside a loop.
 */
export function compilePath(text: string, options: { allowIndex?: boolean } = {}): CompiledPathResult {
  if (typeof text !== "string" || text === "") return { ok: false, message: "A path is a text such as data.object.id." };
  if (text.length > PATH_CHARACTERS_MAX) {
    return { ok: false, message: `A path has at most ${PATH_CHARACTERS_MAX} characters; this one has ${text.length}.` };
  }
  const segments: PathSegment[] = [];
  let offset = 0;
  while (offset < text.length) {
    const read = readSegment(text, offset, segments, options.allowIndex === true);
    if (typeof read === "string") return { ok: false, message: read };
    segments.push(read.segment);
    if (segments.length > PATH_SEGMENTS_MAX) {
      return { ok: false, message: `A path has at most ${PATH_SEGMENTS_MAX} parts.` };
    }
    offset = read.end;
  }
  return { ok: true, path: { text, segments, get: (document, loops) => lookUp(document, segments, loops) } };
}

/** Appends a key to a path in the syntax `compilePath` reads, so that a path shown to a person can be pasted back. */
export function appendKey(path: string, key: string): string {
  if (/^[^.[\]"*$][^.[\]"*]*$/.test(key)) return path === "" ? key : `${path}.${key}`;
  return `${path}[${JSON.stringify(key)}]`;
}

interface ReadSegment {
  segment: PathSegment;
  /** Where the next segment starts. */
  end: number;
}

function readSegment(text: string, offset: number, before: readonly PathSegment[], allowIndex: boolean): ReadSegment | string {
  if (text[offset] === "[") return readBracket(text, offset, before, allowIndex);
  let start = offset;
  if (before.length > 0) {
    if (text[offset] !== ".") return `The path ${text} needs a dot at character ${offset + 1}.`;
    start += 1;
  }
  let end = start;
  while (end < text.length && text[end] !== "." && text[end] !== "[") end += 1;
  const key = text.slice(start, end);
  if (key === "") return `The path ${text} has an empty part at character ${start + 1}.`;
  if (key.startsWith("$")) return `Write the path ${text} without ${key}: paths start at the document itself.`;
  if (key.includes("*")) return `The path ${text} names one value; wildcards are not supported.`;
  if (/[\]"]/.test(key)) return `The path ${text} has a stray bracket or quote; write odd keys as ["a.b"].`;
  return { segment: { kind: "key", key }, end };
}

function readBracket(text: string, offset: number, before: readonly PathSegment[], allowIndex: boolean): ReadSegment | string {
  const rest = text.slice(offset);
  const position = /^\[(\d{1,9})\]/.exec(rest);
  if (position !== null) {
    return { segment: { kind: "position", position: Number(position[1]) }, end: offset + position[0].length };
  }
  if (rest.startsWith("[$index]")) {
    if (!allowIndex) return `The path ${text} uses $index, which has a meaning only inside a filter's $ref.`;
    const loop = before.filter((segment) => segment.kind === "loop").length;
    return { segment: { kind: "loop", loop }, end: offset + "[$index]".length };
  }
  const quoted = /^\[("(?:[^"\\]|\\.)*")\]/.exec(rest);
  const key = quoted === null ? undefined : readJsonString(quoted[1]!);
  if (quoted === null || key === undefined) {
    return `In the path ${text}, brackets hold a position such as [0] or a quoted key such as ["a.b"].`;
  }
  return { segment: { kind: "key", key }, end: offset + quoted[0].length };
}

function readJsonString(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

function lookUp(document: unknown, segments: readonly PathSegment[], loops: readonly number[] | undefined): unknown {
  let value = document;
  for (const segment of segments) {
    switch (segment.kind) {
      case "key":
        value = ownValue(value, segment.key);
        break;
      case "position":
        value = elementAt(value, segment.position);
        break;
      case "loop":
        value = elementAt(value, loops?.[segment.loop] ?? -1);
        break;
    }
    if (value === undefined) return undefined;
  }
  return value;
}

/** An own property of a JSON object; undefined for arrays, other values and absent keys. */
export function ownValue(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

function elementAt(value: unknown, position: number): unknown {
  return Array.isArray(value) ? value[position] : undefined;
}
