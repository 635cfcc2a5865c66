// Drafts on their way to the writer's thread, as one call with one buffer for all bodies, and its answer back to their callers.
import { itemRequest, type RawRequest } from "../../core/event.ts";
import { formatId, type IdParts } from "../../core/id.ts";
import type { AcceptDraft, AcceptItem, AcceptOutcome, SplitDraft, SplitOutcome } from "../store.ts";
import type { AcceptBatch, DuplicateMark, SplitRow } from "./accept.ts";
import type { BodyBuffers } from "./body-buffers.ts";
import { packEnvelope, requestIdOf } from "./rows.ts";

export interface PendingDraft {
  kind: "draft";
  draft: AcceptDraft;
  id: IdParts;
  resolve(outcome: AcceptOutcome): void;
  reject(error: unknown): void;
}

export interface PendingSplit {
  kind: "split";
  draft: SplitDraft;
  /** Of the request; its items' ids come right behind. */
  id: IdParts;
  items: { id: IdParts; item: AcceptItem; request: RawRequest }[];
  resolve(outcome: SplitOutcome): void;
  reject(error: unknown): void;
}

export type Pending = PendingDraft | PendingSplit;

/** The items' requests share one list of headers wherever their type is the same. */
export function splitItemsOf(draft: SplitDraft, nextId: () => IdParts): PendingSplit["items"] {
  const heads = new Map<string | null, RawRequest>();
  return draft.items.map((item) => {
    let head = heads.get(item.contentType);
    if (head === undefined) heads.set(item.contentType, (head = itemRequest(draft.request, item)));
    return { id: nextId(), item, request: { ...head, body: item.body } };
  });
}

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

/** `marks` are in the order of the rows, and rows in the order of the drafts. */
export function settleDrafts(pending: readonly Pending[], marks: readonly DuplicateMark[]): void {
  let row = 0;
  let next = 0;
  /** The event that the current row repeats; null for a new one. */
  function holder(): string | null {
    const mark = marks[next];
    row += 1;
    if (mark === undefined || mark[0] !== row - 1) return null;
    next += 1;
    return formatId("evt", { seq: mark[1], tail: mark[2] });
  }
  for (const one of pending) {
    if (one.kind === "draft") {
      const of = holder();
      one.resolve(of === null ? accepted(one) : { kind: "duplicate", of, requestId: formatId("req", one.id) });
    } else {
      const requestId = formatId("req", one.id);
      const items = one.items.map((entry): SplitOutcome["items"][number] => {
        const of = holder();
        return of === null ? acceptedItem(one, entry, requestId) : { kind: "duplicate", of };
      });
      one.resolve({ requestId, items });
    }
  }
}

function accepted({ draft, id }: PendingDraft): AcceptOutcome {
  const { sourceId, tenantId, type, key, providerEventId, channels, deliverAt, deliverBefore, receivedAt, occurredAt, request } = draft;
  return {
    kind: "accepted",
    event: {
      id: formatId("evt", id),
      seq: id.seq,
      sourceId,
      tenantId,
      type,
      key,
      providerEventId,
      channels,
      deliverAt,
      deliverBefore,
      requestId: requestIdOf(sourceId, id, null),
      receivedAt,
      occurredAt,
      request,
      bodyBytes: request.body.byteLength,
    },
  };
}

function acceptedItem(
  { draft }: PendingSplit,
  { id, item, request }: PendingSplit["items"][number],
  requestId: string,
): SplitOutcome["items"][number] {
  return {
    kind: "accepted",
    event: {
      id: formatId("evt", id),
      seq: id.seq,
      sourceId: draft.sourceId,
      tenantId: null,
      type: item.type,
      key: item.key,
      providerEventId: item.providerEventId,
      channels: [],
      deliverAt: null,
      deliverBefore: null,
      requestId,
      receivedAt: draft.receivedAt,
      occurredAt: item.occurredAt,
      request,
      bodyBytes: item.body.byteLength,
    },
  };
}
