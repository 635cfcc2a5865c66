// SQL of requests that became no event: refused ones and handshakes, each kind within its own cap.
import type { IdSource } from "../../core/id.ts";
import { packEnvelope } from "../rows.ts";
import type { UnacceptedRequest } from "../store.ts";
import type { Database } from "./connection.ts";

const INSERT = `
INSERT INTO requests (seq, tail, source_id, outcome, cause, message, received_at, body_bytes, envelope, body)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[], $10::bytea[])`;

// Nodes trim side by side: what one is deleting the others pass over.
const TRIM = `
DELETE FROM requests WHERE seq IN (
  SELECT seq FROM requests WHERE outcome = $1
    AND seq <= (SELECT seq FROM requests WHERE outcome = $1 ORDER BY seq DESC LIMIT 1 OFFSET $2)
  FOR UPDATE SKIP LOCKED)`;

export type CappedOutcome = "rejected" | "handshake" | "duplicate";

export async function insertRequests(database: Database, ids: IdSource, batch: readonly UnacceptedRequest[]): Promise<void> {
  const rows = batch.map(({ request, sourceId, outcome, cause, message, receivedAt, bodyBytes }) => {
    const { seq, tail } = ids.next();
    return [seq, tail, sourceId, outcome, cause, message, receivedAt, bodyBytes, packEnvelope(request), request.body];
  });
  if (rows.length === 0) return;
  await database.query({ name: "insert-requests", text: INSERT, values: rows[0]!.map((_, at) => rows.map((row) => row[at]!)) });
}

/** Each outcome has its own cap, so that a flood of forged requests can't push the duplicates out. */
export function createCaps(database: Database, requestsKeptMax: number): (outcome: CappedOutcome, added: number) => Promise<void> {
  // Nobody knows what the last run left untrimmed, so the first insert trims.
  const sinceTrim: Record<CappedOutcome, number> = { rejected: Infinity, duplicate: Infinity, handshake: Infinity };
  return async (outcome, added) => {
    if (added === 0) return;
    // Trimming on every insert would double its cost; each node may add a quarter of the cap in between.
    sinceTrim[outcome] += added;
    if (sinceTrim[outcome] < Math.max(1, requestsKeptMax / 4)) return;
    sinceTrim[outcome] = 0;
    try {
      await database.query({ text: TRIM, values: [outcome, requestsKeptMax] });
    } catch {
      // What was to be kept is kept; the next one trims.
      sinceTrim[outcome] = Infinity;
    }
  };
}
