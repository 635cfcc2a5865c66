// Drafts on their way into a store and their outcomes on the way back, for adapters that gather them into one write.
import { type Delivery, LATE_REASON } from "../core/delivery.ts";
import { itemRequest, type RawRequest } from "../core/event.ts";
import { formatId, type IdParts, timeOfSeq } from "../core/id.ts";
import { requestIdOf } from "./rows.ts";
import type { AcceptDraft, AcceptItem, AcceptOutcome, NewDelivery, SplitDraft, SplitOutcome } from "./store.ts";

/** A row that repeats an event: its place in the batch, and the event's number and tail. */
export type DuplicateMark = [index: number, ofSeq: number, ofTail: string];

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

// The first copy is kept whole; a repeat is kept to be looked at.
export const DUPLICATE_BODY_BYTES_MAX = 16 * 1024;

export function splitMessage(items: number, repeated: number): string {
  const made = items - repeated;
  const repeats = repeated === 0 ? "" : `${repeated === 1 ? "1 item repeats" : `${repeated} items repeat`} earlier ones`;
  if (made === 0) return `Nothing new: ${repeats}.`;
  return `Split into ${made === 1 ? "1 event" : `${made} events`}${repeats === "" ? "" : `; ${repeats}`}.`;
}

/** A new delivery as it is kept; `placed` says how it stands in its line when it goes in an order. */
export function deliveryMade({ seq, tail }: IdParts, draft: NewDelivery, placed: { late: boolean; blocked: boolean } | null): Delivery {
  const { eventId, eventSeq, destinationId, subscriptionId, nextAttemptAt, expiresAt, trigger, jobId } = draft;
  return {
    id: formatId("dlv", { seq, tail }),
    seq,
    eventId,
    eventSeq,
    destinationId,
    subscriptionId,
    state: "waiting",
    attempts: 0,
    attemptsBefore: 0,
    nextAttemptAt,
    expiresAt,
    reason: placed?.late === true ? LATE_REASON : null,
    trigger,
    jobId,
    order: placed === null ? null : { key: draft.order!.key, late: placed.late, blocked: placed.blocked },
    createdAt: timeOfSeq(seq),
    finishedAt: null,
  };
}
