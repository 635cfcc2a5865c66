// SQL of the accept step: dedupe and append, inside the writer's shared transaction.
import type { DatabaseSync } from "node:sqlite";

/** Values per draft in the flat list that crosses to the writer's thread. */
const DRAFT_WIDTH = 15;

/** A whole group of drafts: flat values, and all bodies in one transferred buffer. */
export interface AcceptBatch {
  values: (string | number | null)[];
  bodies: ArrayBuffer;
}

/** A draft that repeats an event: its place in the batch, and the event's number and tail. */
export type DuplicateMark = [index: number, ofSeq: number, ofTail: string];

export interface RejectionRow {
  seq: number;
  tail: string;
  sourceId: string | null;
  cause: string;
  message: string;
  receivedAt: number;
  bodyBytes: number;
  envelope: string;
  body: Uint8Array;
}

export function createAcceptWrites(database: DatabaseSync, limits: { requestsKeptMax: number }) {
  const insertEvent = database.prepare(
    `INSERT INTO events (seq, tail, source_id, tenant_id, type, key, provider_event_id, channels, deliver_at, received_at, envelope, dedupe_key, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  // An older holder of the key outside the window gives way; inside the window nothing changes and the draft is a duplicate.
  const claimKey = database.prepare(
    `INSERT INTO dedupe (key, event_seq, at) VALUES (?1, ?2, ?3)
     ON CONFLICT (key) DO UPDATE SET event_seq = ?2, at = ?3 WHERE dedupe.at <= ?3 - ?4`,
  );
  const keyHolder = database.prepare("SELECT d.event_seq, e.tail FROM dedupe d JOIN events e ON e.seq = d.event_seq WHERE d.key = ?");
  keyHolder.setReturnArrays(true);
  const insertRequest = database.prepare(
    `INSERT INTO requests (seq, tail, source_id, outcome, cause, message, event_seq, event_tail, received_at, body_bytes, envelope, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const trimRequests = database.prepare(
    `DELETE FROM requests WHERE outcome = ?1 AND seq <= (SELECT seq FROM requests WHERE outcome = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)`,
  );
  // Nobody knows what the last run left untrimmed, so the first insert trims.
  const sinceTrim = { rejected: Infinity, duplicate: Infinity };

  // Each outcome has its own cap, so that a flood of forged requests can't push the duplicates out.
  function keepWithinCap(outcome: keyof typeof sinceTrim, added: number): void {
    // Trimming on every insert would double its cost; the store may hold a quarter more than its cap in between.
    sinceTrim[outcome] += added;
    if (sinceTrim[outcome] < Math.max(1, limits.requestsKeptMax / 4)) return;
    sinceTrim[outcome] = 0;
    trimRequests.run(outcome, limits.requestsKeptMax);
  }

  return {
    accept(batch: AcceptBatch): DuplicateMark[] {
      const { values } = batch;
      const duplicates: DuplicateMark[] = [];
      for (let at = 0, index = 0; at < values.length; at += DRAFT_WIDTH, index += 1) {
        const dedupeKey = values[at + 13] as string | null;
        const seq = values[at] as number;
        const receivedAt = values[at + 9] as number;
        const body = new Uint8Array(batch.bodies, values[at + 11] as number, values[at + 12] as number);
        if (dedupeKey !== null && claimKey.run(dedupeKey, seq, receivedAt, values[at + 14] as number).changes === 0) {
          const [ofSeq, ofTail] = keyHolder.get(dedupeKey) as unknown as [number, string];
          duplicates.push([index, ofSeq, ofTail]);
          insertRequest.run(
            seq,
            values[at + 1]!,
            values[at + 2]!,
            "duplicate",
            null,
            null,
            ofSeq,
            ofTail,
            receivedAt,
            body.byteLength,
            values[at + 10]!,
            body.subarray(0, DUPLICATE_BODY_BYTES_MAX),
          );
          keepWithinCap("duplicate", 1);
          continue;
        }
        insertEvent.run(
          seq,
          values[at + 1]!,
          values[at + 2]!,
          values[at + 3]!,
          values[at + 4]!,
          values[at + 5]!,
          values[at + 6]!,
          values[at + 7]!,
          values[at + 8]!,
          receivedAt,
          values[at + 10]!,
          dedupeKey,
          body,
        );
      }
      return duplicates;
    },

    recordRejections(rows: RejectionRow[]): void {
      for (const row of rows) {
        insertRequest.run(
          row.seq,
          row.tail,
          row.sourceId,
          "rejected",
          row.cause,
          row.message,
          null,
          null,
          row.receivedAt,
          row.bodyBytes,
          row.envelope,
          row.body,
        );
      }
      keepWithinCap("rejected", rows.length);
    },
  };
}

// The first copy is kept whole; a repeat is kept to be looked at.
const DUPLICATE_BODY_BYTES_MAX = 16 * 1024;
