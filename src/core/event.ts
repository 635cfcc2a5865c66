// An event: an accepted, immutable fact, with the raw request it came in as.

export interface EventHead {
  id: string;
  /** Orders events by acceptance; the id carries the same number. */
  seq: number;
  /** Null for events that were published through the API. */
  sourceId: string | null;
  tenantId: string | null;
  type: string;
  /** Ordering key; null when the event has none. */
  key: string | null;
  /** The provider's own id, when the scheme names one. */
  providerEventId: string | null;
  channels: string[];
  /** The record of the request it came in as: its own, or one that it shares with other events. Null without a source. */
  requestId: string | null;
  /** Milliseconds since the Unix epoch. */
  receivedAt: number;
  /** When it happened, by the provider's own clock, in milliseconds since the Unix epoch; null when the provider does not say. */
  occurredAt: number | null;
  /** Not delivered before this time; null for at once. */
  deliverAt: number | null;
  /** No attempt begins at this time or later; null for no bound. */
  deliverBefore: number | null;
  request: RequestHead;
  bodyBytes: number;
}

/** An event with its bytes; lists carry heads, so that a page of large events costs no more than one of small ones. */
export interface Event extends EventHead {
  request: RawRequest;
}

/** Everything of a request but its body. */
export interface RequestHead {
  method: string;
  /** What follows the ingest token in the path, verbatim: empty or starting with a slash. */
  pathTail: string;
  /** The raw query without the question mark; empty for none. */
  query: string;
  /** Flat list: name, value, name, value, in wire order with duplicates. */
  headers: string[];
  remoteAddress: string;
}

/** One event's part of a batched body. */
export interface BodyItem {
  body: Uint8Array;
  /** Null when the batch's own type describes the item too. */
  contentType: string | null;
}

/** The head of a batch with the bytes of one item. What signed the batch stays in its headers, as it came. */
export function itemRequest(batch: RequestHead, { body, contentType }: BodyItem): RawRequest {
  const { method, pathTail, query, headers, remoteAddress } = batch;
  return { method, pathTail, query, headers: contentType === null ? headers : withContentType(headers, contentType), remoteAddress, body };
}

function withContentType(headers: readonly string[], contentType: string): string[] {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "content-type");
  return at < 0 ? [...headers, "content-type", contentType] : headers.with(at + 1, contentType);
}

/** The bytes as they came, enough to verify, forward and replay them unchanged. */
export interface RawRequest extends RequestHead {
  body: Uint8Array;
}

/** The first value of a header in a flat list, by lower-case name. */
export function headerValue(headers: readonly string[], lowerName: string): string | undefined {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!;
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return headers[i + 1];
  }
  return undefined;
}
