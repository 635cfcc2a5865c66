// An event in the structured JSON form of CloudEvents 1.0, with its data as the bytes it came as.
import { type Event, headerValue } from "./event.ts";

export const CLOUD_EVENT_TYPE = "application/cloudevents+json";

// Parsing holds up the process: above this size JSON goes out as base64, which every reader of CloudEvents takes too.
const PARSED_BYTES_MAX = 1024 ** 2;
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const ATTRIBUTE_NAME = /^[a-z0-9]+$/;

type Attributes = Record<string, string>;

/**
 * One JSON document. An event that came in as a CloudEvent, structured or binary, keeps its own attributes; any other gets them
 * from what Posthorn knows of it. Our extensions are `sourceid`, `tenantid` and `providereventid`.
 *
 * `sourceName` is null for a source that is gone, and for events of the publish API.
 */
export function cloudEventJson(event: Event, sourceName: string | null): string {
  const { request } = event;
  const contentType = headerValue(request.headers, "content-type") ?? "";
  if (mediaType(contentType) === CLOUD_EVENT_TYPE) {
    const structured = structuredEvent(event);
    if (structured !== null) return structured;
  }
  const attributes: Attributes = {
    specversion: "1.0",
    ...(binaryAttributes(request.headers) ?? ownAttributes(event, sourceName)),
  };
  attributes["time"] ??= timeOf(event);
  if (/^[\w.+*-]+\/[\w.+*-]+/.test(contentType)) attributes["datacontenttype"] = clean(contentType);
  for (const [name, value] of extensionsOf(event)) attributes[name] ??= value;
  return JSON.stringify(attributes).slice(0, -1) + dataMember(event, contentType) + "}";
}

function ownAttributes(event: Event, sourceName: string | null): Attributes {
  const named = sourceName ?? event.sourceId;
  const attributes: Attributes = {
    id: event.id,
    source: named === null ? "/publish" : `/sources/${encodeURIComponent(named.toWellFormed())}`,
    type: clean(event.type),
  };
  if (event.key !== null && event.key !== "") attributes["subject"] = clean(event.key);
  return attributes;
}

function timeOf({ occurredAt, receivedAt }: Event): string {
  return new Date(occurredAt ?? receivedAt).toISOString();
}

function extensionsOf({ sourceId, tenantId, providerEventId }: Event): [name: string, value: string][] {
  const all: [string, string | null][] = [
    ["sourceid", sourceId],
    ["tenantid", tenantId],
    ["providereventid", providerEventId],
  ];
  return all.flatMap(([name, value]) => (value === null || value === "" ? [] : [[name, clean(value)] as [string, string]]));
}

/** CloudEvents strings hold no control characters and no half of a surrogate pair. */
function clean(text: string): string {
  return text.toWellFormed().replace(/\p{Cc}|\p{Noncharacter_Code_Point}/gu, "\ufffd");
}

/** What the `ce-` headers say, or null where they describe no CloudEvent 1.0. */
function binaryAttributes(headers: readonly string[]): Attributes | null {
  const attributes: Attributes = {};
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase();
    if (!name.startsWith("ce-")) continue;
    const attribute = name.slice("ce-".length);
    if (ATTRIBUTE_NAME.test(attribute) && !TOLD_ELSEWHERE.has(attribute)) attributes[attribute] ??= clean(decodeHeader(headers[i + 1]!));
  }
  if (!describesEvent(attributes)) return null;
  if (!RFC_3339.test(attributes["time"] ?? "")) delete attributes["time"];
  return attributes;
}

// The content-type header and the body say these.
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set(["datacontenttype", "data"]);

/** Header values are percent-encoded where they are not plain ASCII. */
function decodeHeader(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function describesEvent(attributes: Readonly<Record<string, unknown>>): boolean {
  const filled = ["id", "source", "type"].every((name) => typeof attributes[name] === "string" && attributes[name] !== "");
  return filled && attributes["specversion"] === "1.0";
}

/** The body itself, with our extensions and a time put in front of what it has: its own bytes stay as they were written. */
function structuredEvent(event: Event): string | null {
  const text = textOf(event.request.body);
  const parsed = text === null ? undefined : parseJson(text);
  if (text === null || typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return null;
  const has = parsed as Record<string, unknown>;
  if (!describesEvent(has) || !isWellNamed(has)) return null;
  if (has["time"] !== undefined && !(typeof has["time"] === "string" && RFC_3339.test(has["time"]))) return null;
  const added = Object.fromEntries([["time", timeOf(event)], ...extensionsOf(event)].filter(([name]) => !Object.hasOwn(has, name!)));
  if (Object.keys(added).length === 0) return text;
  return `${JSON.stringify(added).slice(0, -1)},${text.trimStart().slice("{".length)}`;
}

function isWellNamed(event: Readonly<Record<string, unknown>>): boolean {
  if (event["data"] !== undefined && event["data_base64"] !== undefined) return false;
  return Object.keys(event).every((name) => name === "data_base64" || ATTRIBUTE_NAME.test(name));
}

/** `,"data":…` or `,"data_base64":…`; empty without a body. */
function dataMember({ request: { body, headers } }: Event, contentType: string): string {
  if (body.byteLength === 0) return "";
  const encoded = (headerValue(headers, "content-encoding") ?? "identity").toLowerCase() !== "identity";
  const text = encoded ? null : textOf(body);
  if (text !== null && isJsonType(contentType) && parseJson(text) !== undefined) return `,"data":${text}`;
  if (text !== null && isTextType(contentType)) return `,"data":${JSON.stringify(text)}`;
  return `,"data_base64":"${Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64")}"`;
}

function isJsonType(contentType: string): boolean {
  return /(\/|\+)json$/.test(mediaType(contentType));
}

function isTextType(contentType: string): boolean {
  const type = mediaType(contentType);
  return !isJsonType(contentType) && (/^text\/|(\/|\+)xml$/.test(type) || type === "application/x-www-form-urlencoded");
}

function mediaType(contentType: string): string {
  return contentType.split(";", 1)[0]!.trim().toLowerCase();
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(body: Uint8Array): string | null {
  if (body.byteLength > PARSED_BYTES_MAX) return null;
  try {
    return utf8.decode(body);
  } catch {
    return null;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
