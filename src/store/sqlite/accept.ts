// SQL of the accept step: dedupe and append, inside the writer's shared transaction.
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { DUPLICATE_BODY_BYTES_MAX, type DuplicateMark, splitMessage } from "../drafts.ts";

/** Values per draft in the flat list that crosses to the writer's thread. */
const DRAFT_WIDTH = 15;

/** A whole group of drafts: flat values, and all bodies in one transferred buffer. */
export interface AcceptBatch {
  /** One row per event: of each draft, and of each item of a split request. */
  values: (string | number | null)[];
  bodies: ArrayBuffer;
  /** In the order of their rows; absent where nothing is split. */
  splits?: SplitRow[];
}

/** A request whose items are the `count` rows from `at` on. */
export interface SplitRow {
  at: number;
  count: number;
  seq: number;
  tail: string;
  sourceId: string;
  receivedAt: number;
  envelope: string;
  bodyOffset: number;
  bodyBytes: number;
}

export interface RequestRow {
  seq: number;
  tail: string;
  sourceId: string | null;
  outcome: "rejected" | "handshake";
  cause: string | null;
  message: string;
  receivedAt: number;
  bodyBytes: number;
  envelope: string;
  body: Uint8Array;
}

export function createAcceptWrites(database: DatabaseSync, limits: { requestsKeptMax: number }) {
  const shared: Shared = {
    claimDedupe: createDedupe(database),
    keepWithinCap: createCaps(database, limits.requestsKeptMax),
    insertRequest: database.prepare(
      `INSERT INTO requests (seq, tail, source_id, outcome, cause, message, event_seq, event_tail, received_at, body_bytes, envelope, body, items)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
  };
  const acceptOne = createAcceptOne(database, shared);
  const acceptSplit = createAcceptSplit(database, shared);

  return {
    accept(batch: AcceptBatch): DuplicateMark[] {
      const duplicates: DuplicateMark[] = [];
      const { splits = NO_SPLITS } = batch;
      const rows = batch.values.length / DRAFT_WIDTH;
      for (let index = 0, next = 0; index < rows;) {
        const split = splits[next];
        if (split !== undefined && split.at === index) {
          duplicates.push(...acceptSplit(batch, split));
          index += split.count;
          next += 1;
          continue;
        }
        const duplicate = acceptOne(batch, index);
        if (duplicate !== null) duplicates.push(duplicate);
        index += 1;
      }
      return duplicates;
    },

    recordRequests(rows: RequestRow[]): void {
      const added = { rejected: 0, handshake: 0 };
      for (const row of rows) {
        const { seq, tail, sourceId, outcome, cause, message, receivedAt, bodyBytes, envelope, body } = row;
        shared.insertRequest.run(seq, tail, sourceId, outcome, cause, message, null, null, receivedAt, bodyBytes, envelope, body, null);
        added[outcome] += 1;
      }
      if (added.rejected > 0) shared.keepWithinCap("rejected", added.rejected);
      if (added.handshake > 0) shared.keepWithinCap("handshake", added.handshake);
    },
  };
}

/** What plain drafts, split ones and the unaccepted write in common. */
interface Shared {
  claimDedupe: ReturnType<typeof createDedupe>;
  keepWithinCap: ReturnType<typeof createCaps>;
  insertRequest: StatementSync;
}

function bodyAt({ values, bodies }: AcceptBatch, at: number): Uint8Array {
  return new Uint8Array(bodies, values[at + 11] as number, values[at + 12] as number);
}

/** The event that the row at `at` repeats; null when it is a new one. */
function holderOf({ values }: AcceptBatch, at: number, claimDedupe: Shared["claimDedupe"]): [seq: number, tail: string] | null {
  const key = values[at + 13] as string | null;
  return key === null ? null : claimDedupe(key, values[at] as number, values[at + 9] as number, values[at + 14] as number);
}

function createAcceptOne(database: DatabaseSync, { claimDedupe, insertRequest, keepWithinCap }: Shared) {
  const insertEvent = database.prepare(
    `INSERT INTO events (seq, tail, source_id, tenant_id, type, key, provider_event_id, channels, deliver_at, received_at, envelope, dedupe_key, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (batch: AcceptBatch, index: number): DuplicateMark | null => {
    const { values } = batch;
    const at = index * DRAFT_WIDTH;
    const body = bodyAt(batch, at);
    const holder = holderOf(batch, at, claimDedupe);
    if (holder !== null) {
      insertRequest.run(
        values[at]!,
        values[at + 1]!,
        values[at + 2]!,
        "duplicate",
        null,
        null,
        ...holder,
        values[at + 9]!,
        body.byteLength,
        values[at + 10]!,
        body.subarray(0, DUPLICATE_BODY_BYTES_MAX),
        null,
      );
      keepWithinCap("duplicate", 1);
      return [index, ...holder];
    }
    insertEvent.run(
      values[at]!,
      values[at + 1]!,
      values[at + 2]!,
      values[at + 3]!,
      values[at + 4]!,
      values[at + 5]!,
      values[at + 6]!,
      values[at + 7]!,
      values[at + 8]!,
      values[at + 9]!,
      values[at + 10]!,
      values[at + 13]!,
      body,
    );
    return null;
  };
}

/** Every item's event, and the request they came in, in one transaction. */
function createAcceptSplit(database: DatabaseSync, { claimDedupe, insertRequest, keepWithinCap }: Shared) {
  const insertItem = database.prepare(
    `INSERT INTO events (seq, tail, source_id, type, key, provider_event_id, received_at, envelope, dedupe_key, body, request_seq)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (batch: AcceptBatch, split: SplitRow): DuplicateMark[] => {
    const { values } = batch;
    const { seq, tail, sourceId, receivedAt, envelope, bodyBytes } = split;
    const duplicates: DuplicateMark[] = [];
    const items: [seq: number, tail: string][] = [];
    for (let index = split.at; index < split.at + split.count; index += 1) {
      const at = index * DRAFT_WIDTH;
      const holder = holderOf(batch, at, claimDedupe);
      items.push(holder ?? [values[at] as number, values[at + 1] as string]);
      if (holder !== null) {
        duplicates.push([index, ...holder]);
        continue;
      }
      insertItem.run(
        values[at]!,
        values[at + 1]!,
        sourceId,
        values[at + 4]!,
        values[at + 5]!,
        values[at + 6]!,
        receivedAt,
        values[at + 10]!,
        values[at + 13]!,
        bodyAt(batch, at),
        seq,
      );
    }
    const body = new Uint8Array(batch.bodies, split.bodyOffset, bodyBytes);
    const [outcome, kept] =
      duplicates.length === split.count
        ? (["duplicate", body.subarray(0, DUPLICATE_BODY_BYTES_MAX)] as const)
        : (["accepted", body] as const);
    const message = splitMessage(split.count, duplicates.length);
    const list = JSON.stringify(items);
    insertRequest.run(seq, tail, sourceId, outcome, null, message, ...items[0]!, receivedAt, bodyBytes, envelope, kept, list);
    if (outcome === "duplicate") keepWithinCap("duplicate", 1);
    return duplicates;
  };
}

const NO_SPLITS: readonly SplitRow[] = [];
/** Claims a key for a new event; answers the event that holds it already, or null when the claim stands. */
function createDedupe(database: DatabaseSync) {
  // An older holder of the key outside the window gives way; inside the window nothing changes and the draft is a duplicate.
  const claimKey = database.prepare(
    `INSERT INTO dedupe (key, event_seq, at) VALUES (?1, ?2, ?3)
     ON CONFLICT (key) DO UPDATE SET event_seq = ?2, at = ?3 WHERE dedupe.at <= ?3 - ?4`,
  );
  const keyHolder = database.prepare("SELECT d.event_seq, e.tail FROM dedupe d JOIN events e ON e.seq = d.event_seq WHERE d.key = ?");
  keyHolder.setReturnArrays(true);
  return (key: string, seq: number, receivedAt: number, windowMs: number): [seq: number, tail: string] | null =>
    claimKey.run(key, seq, receivedAt, windowMs).changes === 0 ? (keyHolder.get(key) as unknown as [number, string]) : null;
}

/** Each outcome has its own cap, so that a flood of forged requests can't push the duplicates out. */
function createCaps(database: DatabaseSync, requestsKeptMax: number) {
  const trimRequests = database.prepare(
    `DELETE FROM requests WHERE outcome = ?1 AND seq <= (SELECT seq FROM requests WHERE outcome = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)`,
  );
  // Nobody knows what the last run left untrimmed, so the first insert trims.
  const sinceTrim = { rejected: Infinity, duplicate: Infinity, handshake: Infinity };
  return (outcome: keyof typeof sinceTrim, added: number): void => {
    // Trimming on every insert would double its cost; the store may hold a quarter more than its cap in between.
    sinceTrim[outcome] += added;
    if (sinceTrim[outcome] < Math.max(1, requestsKeptMax / 4)) return;
    sinceTrim[outcome] = 0;
    trimRequests.run(outcome, requestsKeptMax);
  };
}
