// SQL that takes deliveries out of what waits, or back into it, other than by an attempt: commands, jobs, expiry.
import { type Delivery, OUT_OF_ORDER } from "../../core/delivery.ts";
import { BLOCKED_LANE, LANE_CODE, STATE_CODE } from "../rows.ts";
import { deliveryOf, DONE_COLUMNS, WAITING_COLUMNS } from "./columns.ts";
import type { Queries } from "./connection.ts";
import { lockLinesOf, noteReleased, unblock } from "./order.ts";

/** What a row keeps wherever it stands. */
const KEPT = "seq, tail, shard, event_seq, event_tail, destination_id, subscription_id, job_id, order_key, body_bytes";
const KEPT_OF_GONE = KEPT.split(", ")
  .map((name) => `d.${name}`)
  .join(", ");

// Rows are locked in the order of their numbers, as settle does it.
const heldIn = (table: string, states: string) =>
  `held AS MATERIALIZED (SELECT d.seq FROM ${table} d WHERE d.seq = ANY($1::bigint[])${states} ORDER BY d.seq FOR UPDATE)`;

const END = `
WITH ${heldIn("deliveries", " AND ($5::bigint IS NULL OR d.expires_at <= $5)")}, gone AS (
  DELETE FROM deliveries d USING held h WHERE d.seq = h.seq
  RETURNING ${KEPT_OF_GONE}, d.attempts, d.attempts_before, d.trigger, d.late, d.expires_at
)
INSERT INTO deliveries_done AS d (${KEPT}, attempts, attempts_before, trigger, late, expires_at, state, reason, finished_at)
SELECT ${KEPT}, attempts, attempts_before, trigger, late, expires_at, $2::smallint, $3::text, $4::bigint FROM gone
RETURNING ${DONE_COLUMNS}`;

interface Revival {
  trigger: "manual" | "recover";
  lane: number;
  /** Ended ones that it takes. */
  from: string;
  attemptsBefore: string;
  expiresAt: string;
}

// One that waits keeps its place in its line; one that is first there may be under way from here on.
const waitingText = ({ trigger, lane, attemptsBefore, expiresAt }: Revival) => `
WITH ${heldIn("deliveries", "")}
UPDATE deliveries d SET next_at = $2, reason = $3, trigger = '${trigger}', attempts_before = d.${attemptsBefore}, expires_at = ${expiresAt},
  released = d.released OR (d.line IS NOT NULL AND d.lane < ${BLOCKED_LANE}),
  lane = CASE WHEN d.lane >= ${BLOCKED_LANE} THEN ${lane + BLOCKED_LANE} ELSE ${lane} END
FROM held h WHERE d.seq = h.seq
RETURNING ${WAITING_COLUMNS}`;

// One that had its turn has no place any more.
const endedText = ({ trigger, lane, from, attemptsBefore, expiresAt }: Revival) => `
WITH ${heldIn("deliveries_done", ` AND d.state ${from}`)}, gone AS (
  DELETE FROM deliveries_done d USING held h WHERE d.seq = h.seq
  RETURNING ${KEPT_OF_GONE}, d.attempts, d.${attemptsBefore} AS before, d.late, ${expiresAt} AS expires_at
)
INSERT INTO deliveries AS d (${KEPT}, attempts, attempts_before, late, expires_at, lane, next_at, reason, trigger)
SELECT ${KEPT}, attempts, before, late OR order_key IS NOT NULL, expires_at, ${lane}, $2::bigint,
  $3::text || CASE WHEN order_key IS NULL THEN '' ELSE ' ${OUT_OF_ORDER}' END, '${trigger}'
FROM gone
RETURNING ${WAITING_COLUMNS}`;

const textsOf = (revival: Revival) => ({ waiting: waitingText(revival), ended: endedText(revival) });

const REVIVALS = {
  /** By hand: a person says so, and lifts the bound of time. */
  retry: textsOf({
    trigger: "manual",
    lane: LANE_CODE.fresh,
    from: `<> ${STATE_CODE.cancelled}`,
    attemptsBefore: "attempts_before",
    expiresAt: "NULL::bigint",
  }),
  /** A fresh schedule for what is dead or waits. */
  recover: textsOf({
    trigger: "recover",
    lane: LANE_CODE.replay,
    from: `= ${STATE_CODE.dead}`,
    attemptsBefore: "attempts",
    expiresAt: "d.expires_at",
  }),
};

export interface Change {
  /** ms since the Unix epoch. */
  at: number;
  reason: string;
}

/** Ends those that wait; only those that have expired at `expiredAt` when it is given. Call it, like all of these, inside a transaction. */
export async function endWaiting(
  queries: Queries,
  seqs: readonly number[],
  state: "dead" | "cancelled",
  { at, reason }: Change,
  expiredAt: number | null = null,
): Promise<Delivery[]> {
  if (seqs.length === 0) return [];
  const lines = await lockLinesOf(queries, seqs);
  const rows = await queries.query({ text: END, values: [seqs, STATE_CODE[state], reason, at, expiredAt] });
  await unblock(queries, lines);
  return rows.map(deliveryOf);
}

/** Brings deliveries back to what is due at `at`: those that wait hurry, in their places. */
export async function revive(
  queries: Queries,
  seqs: readonly number[],
  how: keyof typeof REVIVALS,
  { at, reason }: Change,
): Promise<Delivery[]> {
  if (seqs.length === 0) return [];
  const lines = await lockLinesOf(queries, seqs);
  const texts = REVIVALS[how];
  const values = [seqs, at, reason];
  // What waits first: a delivery that the second statement brings back there must not be found again.
  const waiting = (await queries.query({ text: texts.waiting, values })).map(deliveryOf);
  if (lines.length > 0)
    await noteReleased(
      queries,
      waiting.map(({ seq }) => seq),
    );
  return [...waiting, ...(await queries.query({ text: texts.ended, values })).map(deliveryOf)];
}

const TARGETS = `
SELECT d.seq, d.tail FROM deliveries d WHERE d.seq = ANY($1::bigint[])
UNION ALL SELECT d.seq, d.tail FROM deliveries_done d WHERE d.seq = ANY($1::bigint[])`;

/** The numbers of those of these ids that are there, in their order, each once: a number alone may be another record's. */
export async function present(queries: Queries, ids: readonly { seq: number; tail: string }[]): Promise<number[]> {
  if (ids.length === 0) return [];
  const rows = await queries.query({ name: "present-deliveries", text: TARGETS, values: [ids.map(({ seq }) => seq)] });
  const tails = new Map(rows.map(([seq, tail]) => [seq as number, tail as string]));
  return [...new Set(ids.filter(({ seq, tail }) => tails.get(seq) === tail).map(({ seq }) => seq))];
}
