// Drafts on their way to the writer's thread, as one call with one buffer for all bodies.
import type { Pending, PendingDraft, PendingSplit } from "../drafts.ts";
import type { AcceptBatch, SplitRow } from "./accept.ts";
import type { BodyBuffers } from "./body-buffers.ts";
import { packEnvelope } from "../rows.ts";

export function packDrafts(pending: readonly Pending[], bodyBuffers: BodyBuffers): AcceptBatch {
  const buffer = bodyBuffers.take(bodyBytesOf(pending));
  const bodies = new Uint8Array(buffer);
  const values: AcceptBatch["values"] = [];
  const splits: SplitRow[] = [];
  let rows = 0;
  let offset = 0;
  for (const one of pending) {
    if (one.kind === "draft") {
      offset = packDraft(one, values, bodies, offset);
      rows += 1;
    } else {
      splits.push(splitRow(one, rows, offset));
      offset = packSplit(one, values, bodies, offset);
      rows += one.items.length;
    }
  }
  return splits.length === 0 ? { values, bodies: buffer } : { values, bodies: buffer, splits };
}

function bodyBytesOf(pending: readonly Pending[]): number {
  let bytes = 0;
  for (const { kind, draft } of pending) {
    bytes += draft.request.body.byteLength;
    if (kind === "split") for (const { body } of draft.items) bytes += body.byteLength;
  }
  return bytes;
}

/** Answers where the next body begins. */
function packDraft({ draft, id }: PendingDraft, values: AcceptBatch["values"], bodies: Uint8Array, offset: number): number {
  const { request, dedupe } = draft;
  bodies.set(request.body, offset);
  values.push(
    id.seq,
    id.tail,
    draft.sourceId,
    draft.tenantId,
    draft.type,
    draft.key,
    draft.providerEventId,
    draft.channels.length === 0 ? null : JSON.stringify(draft.channels),
    draft.deliverAt,
    draft.receivedAt,
    packEnvelope(request, draft.occurredAt, null, draft.deliverBefore),
    offset,
    request.body.byteLength,
    dedupe === null ? null : dedupe.key,
    dedupe === null ? null : dedupe.windowMs,
  );
  return offset + request.body.byteLength;
}

function splitRow({ draft, id, items }: PendingSplit, at: number, bodyOffset: number): SplitRow {
  const { sourceId, receivedAt, request } = draft;
  const bodyBytes = request.body.byteLength;
  return {
    at,
    count: items.length,
    seq: id.seq,
    tail: id.tail,
    sourceId,
    receivedAt,
    envelope: packEnvelope(request),
    bodyOffset,
    bodyBytes,
  };
}

function packSplit(
  { draft, id: splitFrom, items }: PendingSplit,
  values: AcceptBatch["values"],
  bodies: Uint8Array,
  offset: number,
): number {
  bodies.set(draft.request.body, offset);
  let next = offset + draft.request.body.byteLength;
  for (const { id, item, request } of items) {
    bodies.set(item.body, next);
    values.push(
      id.seq,
      id.tail,
      draft.sourceId,
      null,
      item.type,
      item.key,
      item.providerEventId,
      null,
      null,
      draft.receivedAt,
      packEnvelope(request, item.occurredAt, splitFrom),
      next,
      item.body.byteLength,
      item.dedupe === null ? null : item.dedupe.key,
      item.dedupe === null ? null : item.dedupe.windowMs,
    );
    next += item.body.byteLength;
  }
  return next;
}
