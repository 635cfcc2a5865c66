// Takes a batched body apart: what becomes an event of each item, under the source's own rules.
import { type BatchItem, splitBatch } from "@posthorn/sdk";
import type { RawRequest } from "../core/event.ts";
import { EVENT_KEY_CHARACTERS_MAX, EVENT_TYPE_CHARACTERS_MAX, SPLIT_ITEMS_MAX } from "../limits.ts";
import type { AcceptItem } from "../store/store.ts";
import { createFacts } from "./catalog-extract.ts";
import { type FactReaders, occurredAtOf, TYPE_UNKNOWN } from "./facts.ts";

/** Null when the request is one event: it is no batch, it is an empty one, or it has more items than one commit should hold. */
export function splitItems(readers: FactReaders, request: RawRequest): AcceptItem[] | null {
  const found = splitBatch(readers.provider, request);
  if (found === undefined || found.length === 0 || found.length > SPLIT_ITEMS_MAX) return null;
  return found.map((item) => acceptItem(readers, request, item));
}

function acceptItem({ dedupe, keyOf }: FactReaders, request: RawRequest, item: BatchItem): AcceptItem {
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
    // The item's own where the batch's does not fit it: a form that carries JSON, or a batch of CloudEvents.
    contentType: item.contentType ?? null,
  };
}
