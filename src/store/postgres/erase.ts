// Erases events with everything that hangs on them, row by row, in one transaction.
import type { Database, Queries } from "./connection.ts";
import { DAY_SEQS, type SeqRange } from "./days.ts";

// Bodies of 25 MiB are 13,000 rows each where PostgreSQL keeps what is large.
const ERASE_MS_MAX = 60_000;

// What hangs on an event mostly stands within some days of it: retries last for 76 hours unless told otherwise.
const NEAR_SEQS = 5 * DAY_SEQS;

const TRIES_MAX = 3;

export interface Erasure {
  /** Of these events, ascending, those that may not go: something waits, no dispatch covered them, or they came in at `before` or later. */
  held(seqs: readonly number[], before: number): Promise<number[]>;
  /** Erases these events, ascending. `held` are those that got something to do meanwhile. */
  events(seqs: readonly number[]): Promise<{ erased: number; held: number[] }>;
}

export function createErasure(database: Database): Erasure {
  return {
    async held(seqs, before) {
      if (seqs.length === 0) return [];
      const rows = await database.query({
        text: `SELECT seq FROM events WHERE seq = ANY($1::bigint[]) AND seq >= $2 AND seq <= $3 AND received_at >= $4
          UNION SELECT event_seq FROM deliveries WHERE event_seq = ANY($1::bigint[])
          UNION SELECT seq FROM undispatched WHERE seq = ANY($1::bigint[])`,
        // Callers may name fractions of a millisecond, and columns have none.
        values: [seqs, seqs[0]!, seqs.at(-1)!, Math.ceil(before)],
      });
      return rows.map(([seq]) => seq as number);
    },
    async events(seqs) {
      let rest = [...seqs];
      const held: number[] = [];
      for (let tries = 0; tries < TRIES_MAX && rest.length > 0; tries += 1) {
        const outcome = await eraseUnlessHeld(database, rest);
        if (outcome.held.length === 0) return { erased: outcome.erased, held };
        held.push(...outcome.held);
        rest = rest.filter((seq) => !outcome.held.includes(seq));
      }
      return { erased: 0, held: [...held, ...rest] };
    },
  };
}

class HeldError extends Error {
  readonly seqs: number[];
  constructor(seqs: number[]) {
    super("events that were to be erased got something to do");
    this.seqs = seqs;
  }
}

async function eraseUnlessHeld(database: Database, seqs: readonly number[]): Promise<{ erased: number; held: number[] }> {
  try {
    return { erased: await database.transaction((queries) => eraseAll(queries, seqs), { deadlineMs: ERASE_MS_MAX }), held: [] };
  } catch (error) {
    if (error instanceof HeldError) return { erased: 0, held: error.seqs };
    throw error;
  }
}

async function eraseAll(queries: Queries, seqs: readonly number[]): Promise<number> {
  // One node at a time: two that erase items of one split request would each leave its row to the other.
  await queries.query({ text: "SELECT pg_advisory_xact_lock(hashtextextended('posthorn retention of ' || current_schema(), 0))" });
  // First of all, because whoever brings one of these back to life takes it out of this table: then we wait for them, or they for us.
  await eraseHanging(queries, "deliveries_done", seqs);
  const revived = await queries.query({
    text: "SELECT DISTINCT event_seq FROM deliveries WHERE event_seq = ANY($1::bigint[])",
    values: [seqs],
  });
  if (revived.length > 0) throw new HeldError(revived.map(([seq]) => seq as number));
  await eraseHanging(queries, "attempts", seqs);
  await eraseHanging(queries, "requests", seqs, " AND outcome = 'duplicate'");
  // The key may have passed on to a newer event; only the holder takes it along.
  await queries.query({ text: "DELETE FROM dedupe WHERE event_seq = ANY($1::bigint[])", values: [seqs] });
  const erased = await queries.query({
    text: "DELETE FROM events WHERE seq = ANY($1::bigint[]) AND seq >= $2 AND seq <= $3 RETURNING request_seq",
    values: [seqs, seqs[0]!, seqs.at(-1)!],
  });
  await eraseSplitRequests(
    queries,
    [...new Set(erased.map(([seq]) => seq as number | null))].filter((seq) => seq !== null),
  );
  return erased.length;
}

/** By the index on the event: near it a look for each, in later days, where next to nothing is, one look for the whole range. */
async function eraseHanging(queries: Queries, table: string, seqs: readonly number[], more = ""): Promise<void> {
  const [first, last] = [seqs[0]!, seqs.at(-1)!];
  const border = last + NEAR_SEQS;
  await queries.query({
    text: `DELETE FROM ${table} WHERE event_seq = ANY($1::bigint[]) AND seq >= $2 AND seq < $3${more}`,
    values: [seqs, first - DAY_SEQS, border],
  });
  await queries.query({
    text: `DELETE FROM ${table} WHERE event_seq >= $2 AND event_seq <= $3 AND (event_seq + 0) = ANY($1::bigint[]) AND seq >= $4${more}`,
    values: [seqs, first, last, border],
  });
}

/** A split request stays whole until the last of its events goes; those of `gone` are about to. */
export async function eraseSplitRequests(queries: Queries, seqs: readonly number[], gone: SeqRange = { low: 0, high: 0 }): Promise<void> {
  if (seqs.length === 0) return;
  const [first, last] = [seqs.reduce((a, b) => Math.min(a, b)), seqs.reduce((a, b) => Math.max(a, b))];
  await queries.query({
    text: `DELETE FROM requests r WHERE r.seq = ANY($1::bigint[]) AND r.seq >= $2 AND r.seq <= $3
      AND NOT EXISTS (SELECT 1 FROM events e WHERE e.request_seq = r.seq AND (e.seq < $4 OR e.seq >= $5) OFFSET 0)`,
    values: [seqs, first, last, gone.low, gone.high],
  });
}
