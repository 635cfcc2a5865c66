// From the raw bytes of an event to what a filter looks at: the body parsed within bounds, headers and query as records.

/** Deepest nesting of lists and objects, for bodies and for filters. JSON.parse itself takes a million. */
export const DOCUMENT_DEPTH_MAX = 64;
/** The largest payload a source can be set to take. */
const PARSED_BYTES_MAX = 25 * 1024 * 1024;
/** Form fields and query parameters beyond this are not looked at. */
const PAIRS_MAX = 1000;

export type TextRecord = Readonly<Record<string, string | string[]>>;

/** What a filter is evaluated against. */
export interface FilterInput {
  /** Parsed JSON, a text, or undefined when there is no body or it cannot be parsed. */
  body: unknown;
  /** By lower-case name; a list for a header that came more than once. */
  headers: TextRecord;
  query: TextRecord;
  /** The path tail. */
  path: string;
  /** The event's own facts: id, type, source, time, key and so on. */
  event: Readonly<Record<string, unknown>>;
}

export type BodyFault = "not_json" | "not_utf8" | "too_deep" | "too_large" | "unsupported_type";

export type ParsedBody = { ok: true; value: unknown } | { ok: false; cause: BodyFault; message: string };

/**
 * Parses a body for filters. JSON types and absent types are JSON; forms become an object of texts; `text/plain` is
 * JSON where it parses as such (Amazon SNS sends its JSON so) and a text otherwise; other text types, XML among them,
 * are a text that is never expanded. Everything else is `unsupported_type`. An empty body is no value at all.
 * Charset parameters are ignored: JSON is UTF-8. The result has no prototype surprises: `__proto__` is an own key.
 */
export function parseBody(bytes: Uint8Array, contentType: string | null | undefined, options: { bytesMax?: number } = {}): ParsedBody {
  const bytesMax = options.bytesMax ?? PARSED_BYTES_MAX;
  if (bytes.length > bytesMax) {
    return refused("too_large", `The body has ${bytes.length} bytes; at most ${bytesMax} are parsed.`);
  }
  if (bytes.length === 0) return { ok: true, value: undefined };
  const kind = bodyKind(contentType);
  if (kind === "other") {
    return refused("unsupported_type", `A body of type ${mediaType(contentType)} is delivered but not looked into.`);
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) return refused("not_utf8", "The body is not UTF-8 text.");
  switch (kind) {
    case "json":
      return parseJson(text);
    case "form":
      return parseForm(text);
    case "plain": {
      if (!/^\s*[{[]/.test(text)) return { ok: true, value: text };
      const parsed = parseJson(text);
      return !parsed.ok && parsed.cause === "not_json" ? { ok: true, value: text } : parsed;
    }
    case "text":
      return { ok: true, value: text };
  }
}

/** Header names in lower case, repeated ones as lists. The record has no prototype, so any name is only a name. */
export function headerRecord(flat: readonly string[]): TextRecord {
  const record = emptyRecord();
  for (let i = 0; i + 1 < flat.length; i += 2) addPair(record, flat[i]!.toLowerCase(), flat[i + 1]!);
  return record;
}

/** A raw query without its question mark; the first 1000 parameters. Broken escapes are kept as they are. */
export function queryRecord(rawQuery: string): TextRecord {
  const record = emptyRecord();
  let pairs = 0;
  for (const [name, value] of new URLSearchParams(rawQuery)) {
    if ((pairs += 1) > PAIRS_MAX) break;
    addPair(record, name, value);
  }
  return record;
}

// Bodies are checked once, however many filters look at them. Whoever changes a body afterwards makes a new object.
const withinDepth = new WeakSet<object>();

/** Whether lists and objects nest deeper than 64. Looks at the whole document once and remembers the ones that passed. */
export function isTooDeep(document: unknown): boolean {
  if (typeof document !== "object" || document === null || withinDepth.has(document)) return false;
  if (!nestsWithin(document, DOCUMENT_DEPTH_MAX)) return true;
  withinDepth.add(document);
  return false;
}

function nestsWithin(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) return value.every((element) => nestsWithin(element, levels - 1));
  for (const key in value) {
    if (Object.hasOwn(value, key) && !nestsWithin((value as Record<string, unknown>)[key], levels - 1)) return false;
  }
  return true;
}

type BodyKind = "json" | "form" | "plain" | "text" | "other";

const JSON_TYPES_WITHOUT_SUFFIX: ReadonlySet<string> = new Set(["application/json", "text/json", "application/x-json"]);

function bodyKind(contentType: string | null | undefined): BodyKind {
  const type = mediaType(contentType);
  if (type === "" || type.endsWith("+json") || JSON_TYPES_WITHOUT_SUFFIX.has(type)) return "json";
  if (type === "application/x-www-form-urlencoded") return "form";
  if (type === "text/plain") return "plain";
  return type.startsWith("text/") || type === "application/xml" || type.endsWith("+xml") ? "text" : "other";
}

function mediaType(contentType: string | null | undefined): string {
  return (contentType ?? "").split(";", 1)[0]!.trim().toLowerCase();
}

// `fatal` because a lossy text would make a filter match bytes that were never sent. A leading byte order mark, which
// JSON.parse refuses, is dropped by default.
const utf8 = new TextDecoder("utf-8", { fatal: true });

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function parseJson(text: string): ParsedBody {
  // Before parsing: a body of a million brackets parses, and then breaks whatever walks it.
  if (textNestsTooDeep(text)) {
    return refused("too_deep", `The body nests deeper than ${DOCUMENT_DEPTH_MAX} levels.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused("not_json", "The body is not valid JSON.");
  }
  if (typeof value === "object" && value !== null) withinDepth.add(value);
  return { ok: true, value };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** One pass over the text; brackets inside strings do not count. For what is not JSON the answer does not matter. */
function textNestsTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === BACKSLASH) i += 1;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) {
      inString = true;
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if ((depth += 1) > DOCUMENT_DEPTH_MAX) return true;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
      depth -= 1;
    }
  }
  return false;
}

/**
 * GitHub sends the same hook as JSON or as a form with the JSON in its only field, `payload`, and Slack's interactions
 * come so too. That JSON becomes the body, so one filter fits both settings. With other fields beside it, `payload` is
 * a field like any other.
 */
function parseForm(text: string): ParsedBody {
  const form = queryRecord(text);
  const payload = form.payload;
  if (typeof payload === "string" && Object.keys(form).length === 1 && /^\s*[{[]/.test(payload)) {
    const parsed = parseJson(payload);
    if (parsed.ok || parsed.cause === "too_deep") return parsed;
  }
  return { ok: true, value: form };
}

function emptyRecord(): Record<string, string | string[]> {
  return Object.create(null) as Record<string, string | string[]>;
}

function addPair(record: Record<string, string | string[]>, name: string, value: string): void {
  const before = record[name];
  if (before === undefined) record[name] = value;
  else if (typeof before === "string") record[name] = [before, value];
  else before.push(value);
}

function refused(cause: BodyFault, message: string): ParsedBody {
  return { ok: false, cause, message };
}
