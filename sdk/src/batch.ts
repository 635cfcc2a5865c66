// Bodies that carry several events, cut into them: each item keeps the exact bytes that were sent.
import { isCloudEventBatch } from "./cloudevents.ts";
import { encode, utf8 } from "./encoding.ts";
import { compileExtractor, type EventFact, type EventFacts } from "./extract.ts";
import { isJsonObject, jsonItems, jsonMembers, jsonRoot } from "./json-spans.ts";
import { limits } from "./limits.ts";
import { anyFormFields } from "./multipart.ts";
import type { BatchRule, Provider } from "./provider.ts";
import { providerById } from "./providers/index.ts";
import { headerReader, type HeadersInput, isBody, type WebhookRequest } from "./request.ts";
import { sha256 } from "./sha.ts";

/** One event of a batch, with its own id, type, time and key where the provider gives it some. */
export interface BatchItem extends EventFacts {
  /** The bytes of the item as they stand in the body; a view of it, unless the body is a form. */
  readonly body: Uint8Array;
  /** What the item is by itself, where the Content-Type of the whole request says something else. */
  readonly contentType?: string;
}

const ALL_FACTS: readonly EventFact[] = ["id", "type", "timeMs", "key"];

const cloudEventBatch: BatchRule = {
  items: "json:",
  id: ["text:{json:source} {json:id}"],
  type: ["json:type"],
  time: [{ from: "json:time", unit: "rfc3339" }],
  key: ["json:subject"],
};

/**
 * The items of a batch of this provider, in their order; undefined when the body is no batch, is malformed or has more
 * than 10,000 items, so that it stays one event. An empty batch gives an empty list. Never throws.
 */
export function splitBatch(provider: string | Provider, request: Pick<WebhookRequest, "headers" | "body">): BatchItem[] | undefined {
  return split(provider, request, ALL_FACTS);
}

/**
 * An id for a whole body with several events, the same over redeliveries: the ids of all items, or their SHA-256 where
 * they are too long together. Undefined when the body is no batch, is empty, or has an item without an id. The id of the
 * first item would not do: a later batch that starts with the same event would be taken for a repetition. Never throws.
 */
export function batchId(provider: string | Provider, request: Pick<WebhookRequest, "headers" | "body">): string | undefined {
  const ids: string[] = [];
  for (const { id } of split(provider, request, ["id"]) ?? []) {
    if (id === undefined) return undefined;
    ids.push(id);
  }
  const joined = ids.join(",");
  if (ids.length === 0) return undefined;
  // Ids with a comma could be read as two others, so these are hashed as a list in JSON.
  const isPlain = joined.length <= limits.eventFactCharsMax && !ids.some((id) => id.includes(","));
  return isPlain ? joined : `sha256:${encode("hex", sha256(utf8(JSON.stringify(ids))))}`;
}

function split(
  provider: string | Provider,
  request: Pick<WebhookRequest, "headers" | "body">,
  wanted: readonly EventFact[],
): BatchItem[] | undefined {
  try {
    const record = typeof provider === "string" ? providerById(provider) : provider;
    if (record === undefined || !isBody(request.body)) return undefined;
    const isCloudEvents = record.cloudEvents === true && isCloudEventBatch(contentTypeOf(request.headers));
    const rule = isCloudEvents ? cloudEventBatch : record.batch;
    if (rule === undefined) return undefined;
    const contentType = isCloudEvents ? "application/cloudevents+json" : rule.items.startsWith("form:") ? "application/json" : undefined;
    const extractor = extractorOf(rule);
    return itemsOf(rule, request.body)?.map((body) => ({
      body,
      ...(contentType === undefined ? {} : { contentType }),
      ...extractor({ headers: [], body }, wanted),
    }));
  } catch {
    // Only a value that is no request gets here, or a record that is no provider.
    return undefined;
  }
}

const extractors = new WeakMap<BatchRule, ReturnType<typeof compileExtractor>>();

function extractorOf(rule: BatchRule): ReturnType<typeof compileExtractor> {
  let extractor = extractors.get(rule);
  if (extractor === undefined) {
    extractor = compileExtractor({ eventId: rule.id ?? [], eventType: rule.type ?? [], eventTime: rule.time, eventKey: rule.key });
    extractors.set(rule, extractor);
  }
  return extractor;
}

function contentTypeOf(headers: HeadersInput): string | undefined {
  const reader = headerReader();
  const slot = reader.slot("content-type");
  return reader.read(headers)[slot] ?? undefined;
}

function itemsOf(rule: BatchRule, body: Uint8Array | string): Uint8Array[] | undefined {
  const place = rule.items.slice("json:".length);
  const bytes = rule.items.startsWith("form:") ? fieldOf(body, place) : typeof body === "string" ? utf8(body) : body;
  const path = rule.items.startsWith("form:") || place === "" ? [] : place.split(".");
  let span = bytes && jsonRoot(bytes);
  if (bytes === undefined) return undefined;
  for (const name of path) span = span && jsonMembers(bytes, span)?.get(name);
  const items = span && jsonItems(bytes, span);
  if (items === undefined || !items.every((item) => isJsonObject(bytes, item))) return undefined;
  return items.map(({ start, end }) => bytes.subarray(start, end));
}

function fieldOf(body: Uint8Array | string, name: string): Uint8Array | undefined {
  const [value, ...others] = (anyFormFields(body) ?? []).flatMap(([each, text]) => (each === name ? [text] : []));
  return value === undefined || others.length > 0 ? undefined : utf8(value);
}
