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
  /** Milliseconds since the Unix epoch. */
  receivedAt: number;
  /** Not delivered before this time; null for at once. */
  deliverAt: number | null;
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
