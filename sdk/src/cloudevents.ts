// CloudEvents 1.0 in HTTP requests (JSON event format 1.0.2, HTTP binding 1.0.2): binary, structured and batch.
//
// Data stays the exact bytes that were sent: cut out of the body where it is JSON, never parsed and written anew.
import { decode, utf8, utf8Text } from "./encoding.ts";
import { isRfc3339 } from "./event-time.ts";
import { isJsonObject, jsonItems, jsonMembers, jsonRoot, jsonValue, type Span } from "./json-spans.ts";
import { headerPairs, type HeadersInput, isBody, type WebhookRequest } from "./request.ts";

export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** RFC 3339. */
  readonly time?: string;
  readonly subject?: string;
  readonly dataContentType?: string;
  readonly dataSchema?: string;
  /** All other attributes. In binary mode every value is text. */
  readonly extensions: Readonly<Record<string, string | number | boolean>>;
  /** Undefined: the event has no data. A view of the body where the data stands in it as it is. */
  readonly data?: Uint8Array;
}

export type CloudEventMode = "binary" | "structured" | "batch";

export type CloudEventsResult =
  | { readonly ok: true; readonly mode: CloudEventMode; readonly events: readonly CloudEvent[] }
  /** `message` is one plain sentence for the sender of the event. */
  | { readonly ok: false; readonly mode: CloudEventMode; readonly message: string };

const BATCH = "application/cloudevents-batch";
const STRUCTURED = "application/cloudevents";

/** Whether a request says that it is a CloudEvent, by its Content-Type or its `ce-` headers. */
export function looksLikeCloudEvent(contentType: string | undefined, hasHeaders: boolean): boolean {
  return hasHeaders || contentType?.trimStart().slice(0, STRUCTURED.length).toLowerCase() === STRUCTURED;
}

/** Whether a Content-Type is the one of a batch of CloudEvents. */
export function isCloudEventBatch(contentType: string | undefined): boolean {
  return contentType?.trimStart().slice(0, BATCH.length).toLowerCase() === BATCH;
}

/**
 * The CloudEvents of a request, undefined when it is none, or what is wrong with it. Never throws. Headers that are
 * part of binary mode are percent-decoded once.
 */
export function parseCloudEvents(request: Pick<WebhookRequest, "method" | "headers" | "body">): CloudEventsResult | undefined {
  try {
    if (!isBody(request.body) || (request.method !== undefined && ["GET", "HEAD", "OPTIONS"].includes(request.method))) return undefined;
    const headers = cloudEventHeaders(request.headers);
    const contentType = headers.get("content-type") ?? undefined;
    const bytes = typeof request.body === "string" ? utf8(request.body) : request.body;
    if (isCloudEventBatch(contentType)) return inJson("batch", contentType ?? "", () => batchOf(bytes));
    if (looksLikeCloudEvent(contentType, false)) return inJson("structured", contentType ?? "", () => structuredOf(bytes));
    if (!headers.has("ce-specversion") && !headers.has("ce-id")) return undefined;
    return resultOf("binary", binaryOf(headers, bytes));
  } catch {
    // Only a value that is no request gets here, such as headers whose getter throws.
    return undefined;
  }
}

/** What is wrong, as a sentence, or the events. */
type Parsed = string | readonly CloudEvent[];

function resultOf(mode: CloudEventMode, parsed: Parsed): CloudEventsResult {
  return typeof parsed === "string" ? { ok: false, mode, message: parsed } : { ok: true, mode, events: parsed };
}

function inJson(mode: "structured" | "batch", contentType: string, read: () => Parsed): CloudEventsResult {
  const [essence = ""] = contentType.split(";", 1);
  const format = essence.trim().toLowerCase();
  const expected = `${mode === "batch" ? BATCH : STRUCTURED}+json`;
  return resultOf(mode, format === expected ? read() : `The event format is not supported: send ${expected}.`);
}

/** Lower-case names to values; null: present more than once. */
type CloudEventHeaders = ReadonlyMap<string, string | null>;

function cloudEventHeaders(input: HeadersInput): CloudEventHeaders {
  const headers = new Map<string, string | null>();
  for (const [name, value] of headerPairs(input)) {
    const lower = name.toLowerCase();
    if (lower === "content-type" || lower.startsWith("ce-")) headers.set(lower, headers.has(lower) ? null : value);
  }
  return headers;
}

function binaryOf(headers: CloudEventHeaders, body: Uint8Array): Parsed {
  const attributes = new Map<string, unknown>();
  for (const [header, value] of headers) {
    if (value === null) return `The header ${header} is present more than once.`;
    const name = header === "content-type" ? "datacontenttype" : header.slice("ce-".length);
    // The Content-Type of the request is the one of the data; a header of the attribute would be another truth.
    if (header === "ce-datacontenttype") continue;
    const text = header === "content-type" ? value : headerText(value);
    if (text === undefined) return `The header ${header} has a broken percent-escape.`;
    attributes.set(name, text);
  }
  const event = eventOf(attributes, body.length === 0 ? undefined : body);
  return typeof event === "string" ? event : [event];
}

// Quotation marks of RFC 7230 come off first, then one round of percent-decoding (HTTP binding, section 3.1.3.2).
function headerText(value: string): string | undefined {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(value)?.[1];
  const text = quoted === undefined ? value : quoted.replaceAll(/\\(.)/g, "$1");
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const noJson = "The body is not JSON in UTF-8, or it is nested too deeply.";

function structuredOf(bytes: Uint8Array): Parsed {
  const root = jsonRoot(bytes);
  if (root === undefined) return noJson;
  const event = fromJson(bytes, root);
  return typeof event === "string" ? event : [event];
}

function batchOf(bytes: Uint8Array): Parsed {
  const root = jsonRoot(bytes);
  if (root === undefined) return noJson;
  const items = jsonItems(bytes, root);
  if (items === undefined) return "The body of a batch is not a JSON array, or it has too many events.";
  const events: CloudEvent[] = [];
  for (const [index, item] of items.entries()) {
    const event = fromJson(bytes, item);
    if (typeof event === "string") return `Event ${index}: ${event}`;
    events.push(event);
  }
  return events;
}

function fromJson(bytes: Uint8Array, span: Span): CloudEvent | string {
  const members = jsonMembers(bytes, span);
  if (members === undefined) return "The event is not a JSON object.";
  const attributes = new Map<string, unknown>();
  for (const [name, value] of members) {
    if (name === "data" || name === "data_base64") continue;
    if (isJsonObject(bytes, value) || bytes[value.start] === 0x5b)
      return `The attribute ${printable(name)} is neither text, number nor boolean.`;
    const attribute = jsonValue(bytes, value);
    // A null is an attribute that is absent (JSON event format, section 2.2).
    if (attribute !== null) attributes.set(name, attribute);
  }
  const data = dataOf(bytes, members, attributes.get("datacontenttype"));
  return typeof data === "string" ? data : eventOf(attributes, data);
}

function dataOf(bytes: Uint8Array, members: ReadonlyMap<string, Span>, contentType: unknown): Uint8Array | undefined | string {
  const [data, base64] = [members.get("data"), members.get("data_base64")];
  if (base64 !== undefined) {
    const text = jsonValue(bytes, base64);
    if (text === null) return data === undefined ? undefined : dataBytes(bytes, data, contentType);
    if (data !== undefined) return "The event has both data and data_base64.";
    return (typeof text === "string" ? decode("base64", text) : undefined) ?? "The data_base64 of the event is not base64.";
  }
  return data === undefined ? undefined : dataBytes(bytes, data, contentType);
}

// Under another type than JSON, a JSON text holds the characters of the data (JSON event format, section 3.1.1).
function dataBytes(bytes: Uint8Array, data: Span, contentType: unknown): Uint8Array {
  const isText = bytes[data.start] === 0x22 && typeof contentType === "string" && !isJsonType(contentType);
  return isText ? utf8(jsonValue(bytes, data) as string) : bytes.subarray(data.start, data.end);
}

/** Whether a media type says JSON: `application/json`, `text/json`, `application/problem+json`. */
export function isJsonType(contentType: string): boolean {
  const [essence = ""] = contentType.split(";", 1);
  return /^[^/]+\/(?:.*\+)?json$/i.test(essence.trim());
}

const TEXTS = ["id", "source", "type", "time", "subject", "datacontenttype", "dataschema"] as const;

function eventOf(attributes: ReadonlyMap<string, unknown>, data: Uint8Array | undefined): CloudEvent | string {
  const version = attributes.get("specversion");
  if (version === undefined) return "The required attribute specversion is missing.";
  if (version !== "1.0") return "The specversion is not 1.0, the only one that is understood.";
  for (const name of ["id", "source", "type"]) {
    if (!attributes.has(name)) return `The required attribute ${name} is missing.`;
  }
  const extensions: Record<string, string | number | boolean> = {};
  for (const [name, value] of attributes) {
    const known = (TEXTS as readonly string[]).includes(name);
    if (known && (typeof value !== "string" || value === "")) return `The attribute ${name} is not a text of at least one character.`;
    if (known || name === "specversion") continue;
    if (!/^[a-z0-9]+$/.test(name)) return `The name of the attribute ${printable(name)} has other letters than a to z and digits.`;
    if (!isExtension(value)) return `The attribute ${name} is neither text, 32-bit integer nor boolean.`;
    extensions[name] = value;
  }
  const [id = "", source = "", type = "", time, subject, dataContentType, dataSchema] = TEXTS.map(
    (name) => attributes.get(name) as string | undefined,
  );
  if (time !== undefined && !isRfc3339(time)) return "The attribute time is not a time of RFC 3339.";
  const optional = { time, subject, dataContentType, dataSchema, data };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { id, source, type, ...present, extensions };
}

function isExtension(value: unknown): value is string | number | boolean {
  if (typeof value === "number") return Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
  return typeof value === "string" || typeof value === "boolean";
}

// Names come from the sender and the sentence goes to logs and terminals.
function printable(name: string): string {
  return JSON.stringify(name.slice(0, 40)).replaceAll(/[^\x20-\x7e]/g, "?");
}

/** The text of UTF-8 bytes that lose nothing by it, which a byte order mark would. */
export function exactText(bytes: Uint8Array): string | undefined {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? undefined : utf8Text(bytes);
}
