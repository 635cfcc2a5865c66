// Takes a batched body apart: what becomes an event of each item, under the source's own rules.
import { headerValue, type RawRequest } from "../core/event.ts";
import { EVENT_KEY_CHARACTERS_MAX, EVENT_TYPE_CHARACTERS_MAX, SPLIT_ITEMS_MAX } from "../limits.ts";
import type { AcceptItem } from "../store/store.ts";
import { createFacts } from "./catalog-extract.ts";
import { type FactReaders, occurredAtOf, TYPE_UNKNOWN } from "./facts.ts";

/** One item of a batch, as its provider's rules read it. */
export interface BatchItem {
  body: Uint8Array;
  id?: string;
  type?: string;
  /** Milliseconds since the Unix epoch. */
  timeMs?: number;
}

/** Undefined for a body that is no batch of this provider. Must not throw. */
export type SplitBatch = (provider: string, request: { headers: readonly string[]; body: Uint8Array }) => readonly BatchItem[] | undefined;

export interface Splitter {
  split: SplitBatch;
  /** A module that exports the same function as `splitBatch`, because functions do not cross to a thread. */
  moduleUrl: string;
}

/** Null when the request is one event: it is no batch, it is an empty one, or it has more items than one commit should hold. */
export function splitItems(readers: FactReaders, split: SplitBatch, request: RawRequest): AcceptItem[] | null {
  const found = split(readers.provider, { headers: request.headers, body: request.body });
  if (found === undefined || found.length === 0 || found.length > SPLIT_ITEMS_MAX) return null;
  const batchType = mediaType(headerValue(request.headers, "content-type") ?? "");
  return found.map((item) => acceptItem(readers, request, item, batchType));
}

function acceptItem({ dedupe, keyOf }: FactReaders, request: RawRequest, item: BatchItem, batchType: string): AcceptItem {
  const providerEventId = item.id ?? null;
  const facts = createFacts({ ...request, body: item.body }, providerEventId);
  // All items have the same headers, which say nothing about one of them.
  const dedupeKey = dedupe === null || dedupe.readsHeaders ? null : dedupe.keyOf(facts);
  return {
    type: (item.type ?? TYPE_UNKNOWN).slice(0, EVENT_TYPE_CHARACTERS_MAX),
    key: keyOf(facts)?.slice(0, EVENT_KEY_CHARACTERS_MAX) ?? null,
    providerEventId,
    occurredAt: occurredAtOf(item.timeMs),
    dedupe: dedupeKey === null ? null : { key: dedupeKey, windowMs: dedupe!.windowMs },
    body: item.body,
    contentType: itemType(batchType, item.body),
  };
}

/** The item's own media type where the batch's does not fit it: a form that carries JSON, lines of JSON, a CloudEvents batch. */
function itemType(batchType: string, body: Uint8Array): string | null {
  if (batchType === "application/cloudevents-batch+json") return "application/cloudevents+json";
  if (batchType.endsWith("/json") || batchType.endsWith("+json")) return null;
  const first = body.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  return first === OPEN_BRACE || first === OPEN_BRACKET ? "application/json" : null;
}

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

function mediaType(contentType: string): string {
  return contentType.split(";", 1)[0]!.trim().toLowerCase();
}
