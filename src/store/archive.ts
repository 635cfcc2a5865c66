// The archive port: everything a store holds, read out and put in again, in records that belong to no adapter.

/**
 * How a value is kept. `text` may hold anything a JavaScript string can, U+0000 and lone surrogates too; `count` is a whole
 * number from 0 to 2^53 - 1, and `whole` may be as far below 0; a kind with `?` may be null.
 */
export type FieldKind = "text" | "text?" | "count" | "count?" | "whole" | "whole?" | "flag" | "bytes" | "bytes?";

/**
 * Every section and its fields, in an order in which they can be restored. Times are ms since the Unix epoch; `seq` and
 * `tail` are the parts of an id (src/core/id.ts) and stay what they are. Texts named `doc`, `envelope`, `items`, `request`,
 * `breaker`, `channels` and `responseHeaders` are JSON as src/store/rows.ts and the configuration write it.
 */
export const SECTIONS = {
  config: { kind: "text", id: "text", doc: "text", sealed: "bytes?" },
  /** Oldest first within one document. */
  revisions: { kind: "text", id: "text", replacedAt: "count", doc: "text" },
  /** `configVersion`, and `dispatchedThrough` of a store that dispatches in one line. */
  marks: { name: "text", value: "count" },
  health: { destinationId: "text", breaker: "text" },
  /** Ascending by seq. `position` is the order of acceptance where that is another than the order of seqs. */
  events: {
    seq: "count",
    tail: "text",
    sourceId: "text?",
    tenantId: "text?",
    type: "text",
    key: "text?",
    providerEventId: "text?",
    channels: "text?",
    deliverAt: "count?",
    receivedAt: "count",
    dedupeKey: "text?",
    envelope: "text",
    requestSeq: "count?",
    position: "count?",
    dispatched: "flag",
    body: "bytes",
  },
  dedupe: { key: "text", eventSeq: "count", eventTail: "text", at: "count" },
  requests: {
    seq: "count",
    tail: "text",
    sourceId: "text?",
    outcome: "text",
    cause: "text?",
    message: "text?",
    eventSeq: "count?",
    eventTail: "text?",
    receivedAt: "count",
    bodyBytes: "count",
    envelope: "text",
    items: "text?",
    body: "bytes",
  },
  /**
   * `state`: 0 waiting, 1 delivered, 2 dead, 3 cancelled. `lane`: 0 fresh, 1 retry, 2 replay, and + 3 while an earlier one of
   * its line waits; null where an ended one has none.
   * A line is the waiting ones of one destination, key and job that are `inLine`. It goes by `orderAt`, `orderPlace` and
   * `orderTie`, and by seq where these two are null. `orderBy`: what its place comes from, 0 acceptance, 1 the provider's
   * time, 2 its sequence. `released`: nothing may be put before it any more.
   */
  deliveries: {
    seq: "count",
    tail: "text",
    eventSeq: "count",
    eventTail: "text",
    destinationId: "text",
    subscriptionId: "text?",
    state: "count",
    lane: "count?",
    attempts: "count",
    nextAt: "count?",
    reason: "text?",
    trigger: "text",
    jobId: "text?",
    /** Of its attempts, those from before its present schedule. */
    attemptsBefore: "count",
    expiresAt: "count?",
    finishedAt: "count?",
    orderKey: "text?",
    late: "flag",
    inLine: "flag",
    orderBy: "count",
    orderAt: "whole?",
    orderPlace: "count?",
    orderTie: "count?",
    released: "flag",
  },
  /** The furthest of the provider's places that was let go, by destination and key, and the latest event let go there. */
  frontiers: { destinationId: "text", orderKey: "text", orderBy: "count", at: "whole", eventSeq: "count" },
  attempts: {
    seq: "count",
    tail: "text",
    deliverySeq: "count",
    deliveryTail: "text",
    eventSeq: "count",
    eventTail: "text",
    destinationId: "text",
    number: "count",
    startedAt: "count",
    durationMs: "count",
    request: "text",
    status: "count?",
    failure: "text?",
    message: "text?",
    responseHeaders: "text?",
    responseBody: "bytes?",
    truncated: "flag",
  },
  jobs: { seq: "count", id: "text", status: "text", doc: "text" },
  idempotency: { key: "text", fingerprint: "text", response: "bytes", createdAt: "count" },
} as const satisfies Record<string, Record<string, FieldKind>>;

export type Section = keyof typeof SECTIONS;
export const SECTION_ORDER = Object.keys(SECTIONS) as Section[];

export type Field<S extends Section> = Extract<keyof (typeof SECTIONS)[S], string>;

/** The column of each field where an adapter calls it by the field's own name, in lower case with underscores. */
export function columnsOf<S extends Section>(section: S): Record<Field<S>, string> {
  const fields = Object.keys(SECTIONS[section]) as Field<S>[];
  const columns = fields.map((field) => [field, field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]);
  return Object.fromEntries(columns) as Record<Field<S>, string>;
}

/** A record of any section, where the section is known from elsewhere. */
export type AnyRecord = Record<string, string | number | boolean | Uint8Array | null>;

export interface ArchivePage {
  records: AnyRecord[];
  /** What to pass to read on; null at the section's end. */
  next: string | null;
}

export interface ReadQuery {
  section: Section;
  /** Null for the section's beginning. */
  cursor: string | null;
  limit: number;
  /** The page ends with the record whose bytes take it here, so that it fits in memory. */
  bytesMax: number;
}

/** How far an import has come: `chunk` parts of the archive `archive` are committed. */
export interface ImportMark {
  archive: string;
  chunk: number;
}

export interface KeptImportMark extends ImportMark {
  finished: boolean;
}

/** `damaged`: the archive is not whole. `key`: what was given does not open its secrets. `state`: of the store, or of the directory. */
export type RefusalReason = "damaged" | "key" | "state";

/** Thrown with a sentence for people when moving can't begin or go on. */
export class ArchiveRefusedError extends Error {
  override readonly name = "ArchiveRefusedError";
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A store opened for moving: nobody else uses it in the meantime. */
export interface StoreArchive {
  readonly kind: "sqlite" | "postgres";
  /** Another one for every store, and whenever a server has used it in between: pages read before and after do not fit together. */
  useMark(): Promise<string>;
  /** Throws ArchiveRefusedError while a server uses the store. */
  assertUnused(): Promise<void>;
  read(query: ReadQuery): Promise<ArchivePage>;

  /** True when nothing but the tables is there. */
  isEmpty(): Promise<boolean>;
  /** The last import into this store; null without one. A store whose import is not finished must not be served from. */
  importMark(): Promise<KeptImportMark | null>;
  /**
   * Commits the records and the mark together. A call whose mark is not above the one that is committed does nothing, so
   * that a call may be repeated. Sections come in their order, records in the order in which they were read.
   */
  write(mark: ImportMark, section: Section, records: readonly AnyRecord[]): Promise<void>;
  /** Commits that the import is complete; its mark stays, so that whoever was killed before hearing it can ask. May be repeated. */
  finishImport(): Promise<void>;
  close(): Promise<void>;
}
