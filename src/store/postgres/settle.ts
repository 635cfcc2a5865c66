// SQL of the settle step: outcomes in batches become attempts and next states, each delivery's all or nothing.
import type { IdParts, IdSource } from "../../core/id.ts";
import { shardOf } from "../../core/shard.ts";
import { LANE_CODE, packAttemptRequest, STATE_CODE } from "../rows.ts";
import type { Settlement } from "../store.ts";
import type { Database, Queries } from "./connection.ts";
import { isTakenKey } from "./faults.ts";
import { lockLinesOf, unblock } from "./order.ts";

/** A settlement with the id of its attempt: a repeat after an answer was lost has the same, and so is known for one. */
export interface NumberedSettlement {
  settlement: Settlement;
  id: IdParts;
}

const COLUMNS: readonly [name: string, type: string][] = [
  ["delivery_seq", "bigint"],
  ["shard", "smallint"],
  ["fence", "bigint"],
  ["to_state", "smallint"],
  ["to_attempts", "integer"],
  ["to_next_at", "bigint"],
  ["to_reason", "text"],
  ["to_finished_at", "bigint"],
  ["leaves_line", "boolean"],
  ["attempt_seq", "bigint"],
  ["attempt_tail", "text"],
  ["number", "integer"],
  ["started_at", "bigint"],
  ["duration_ms", "bigint"],
  ["request", "text"],
  ["status", "integer"],
  ["failure", "text"],
  ["message", "text"],
  ["response_headers", "text"],
  ["response_body", "bytea"],
  ["truncated", "boolean"],
];

const INPUT = `input AS MATERIALIZED (
  SELECT * FROM unnest(${COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(", ")}) AS s(${COLUMNS.map(([name]) => name).join(", ")})
), valid AS MATERIALIZED (
  SELECT l.shard, l.token FROM leases l
  WHERE l.shard = ANY($2::smallint[]) AND (l.shard, l.token) IN (SELECT shard, fence FROM input) ORDER BY l.shard FOR KEY SHARE
), allowed AS MATERIALIZED (
  SELECT * FROM input i WHERE i.fence IS NULL OR EXISTS (SELECT 1 FROM valid v WHERE v.shard = i.shard AND v.token = i.fence)
)`;

const ATTEMPT_COLUMNS =
  "seq, tail, shard, delivery_seq, delivery_tail, event_seq, event_tail, destination_id, number, started_at, duration_ms, request, status, failure, message, response_headers, response_body, truncated";
const attemptOf = (delivery: string) =>
  `attempt_seq, attempt_tail, ${delivery}.shard, ${delivery}.seq, ${delivery}.tail, ${delivery}.event_seq, ${delivery}.event_tail, ${delivery}.destination_id, number, started_at, duration_ms, request, status, failure, message, response_headers, response_body, truncated`;

/**
 * The lease's row is held in share mode until the commit, so that a takeover, which changes its token, comes before or after.
 * Deliveries are locked in the order of their numbers before anything is done to them. One whose attempts are as many as the
 * step's has been settled by an earlier try of the same batch, or is not ours: it goes to the second look below.
 * Planned each time: how many deliveries wait changes the best plan, and planning is a twentieth of what 200 rows cost.
 * Answers what it left: under a stale lease (0), not waiting (1), or in a line (2).
 */
const settleText = (which: string) => `
WITH ${INPUT}, held AS MATERIALIZED (
  SELECT d.seq, d.tail, d.shard, d.event_seq, d.event_tail, d.destination_id, d.subscription_id, d.trigger, d.job_id, d.order_key,
    d.late, d.attempts_before, d.expires_at, d.body_bytes, a.to_state, a.to_attempts, a.to_next_at, a.to_reason, a.to_finished_at, a.leaves_line,
    a.attempt_seq, a.attempt_tail, a.number, a.started_at, a.duration_ms, a.request, a.status, a.failure, a.message, a.response_headers,
    a.response_body, a.truncated
  FROM deliveries d JOIN allowed a ON d.seq = a.delivery_seq
  WHERE d.attempts < a.to_attempts AND ${which} ORDER BY d.seq FOR UPDATE OF d
), gone AS (
  DELETE FROM deliveries d USING held h WHERE d.seq = h.seq AND h.to_state <> ${STATE_CODE.waiting}
), done AS (
  INSERT INTO deliveries_done (seq, tail, shard, event_seq, event_tail, destination_id, subscription_id, state, attempts, reason, trigger,
    job_id, order_key, late, attempts_before, expires_at, body_bytes, finished_at)
  SELECT seq, tail, shard, event_seq, event_tail, destination_id, subscription_id, to_state, to_attempts, to_reason, trigger, job_id,
    order_key, late, attempts_before, expires_at, body_bytes, to_finished_at
  FROM held WHERE to_state <> ${STATE_CODE.waiting}
), moved AS (
  UPDATE deliveries d SET attempts = h.to_attempts, next_at = h.to_next_at, reason = h.to_reason,
    line = CASE WHEN h.leaves_line THEN NULL ELSE d.line END,
    lane = CASE d.trigger WHEN 'replay' THEN ${LANE_CODE.replay} WHEN 'recover' THEN ${LANE_CODE.replay}
      WHEN 'manual' THEN ${LANE_CODE.fresh} ELSE ${LANE_CODE.retry} END
  FROM held h WHERE d.seq = h.seq AND h.to_state = ${STATE_CODE.waiting}
), made AS (
  INSERT INTO attempts (${ATTEMPT_COLUMNS}) SELECT ${attemptOf("h")} FROM held h
)
SELECT i.delivery_seq, CASE WHEN NOT EXISTS (SELECT 1 FROM allowed a WHERE a.delivery_seq = i.delivery_seq) THEN 0
  WHEN NOT (${which}) THEN 2 ELSE 1 END
FROM input i LEFT JOIN deliveries d ON d.seq = i.delivery_seq AND d.attempts < i.to_attempts
WHERE NOT EXISTS (SELECT 1 FROM held h WHERE h.seq = i.delivery_seq)`;

const SETTLE = settleText("d.line IS NULL");
const SETTLE_IN_LINE = settleText("true");

/**
 * What the first statement did not find waiting: a delivery that was cancelled during its attempt stays cancelled, but the
 * attempt was made and counts; one that a repeat settles again has it already; one that retention has deleted leaves nothing.
 */
const SETTLE_ENDED = `
WITH ${INPUT}, ended AS MATERIALIZED (
  SELECT seq, tail, shard, event_seq, event_tail, destination_id FROM deliveries_done WHERE seq = ANY($1::bigint[]) ORDER BY seq FOR UPDATE
), counted AS (
  UPDATE deliveries_done d SET attempts = a.to_attempts FROM ended e JOIN allowed a ON a.delivery_seq = e.seq
  WHERE d.seq = e.seq AND d.attempts < a.to_attempts
)
INSERT INTO attempts (${ATTEMPT_COLUMNS}) SELECT ${attemptOf("d")} FROM (
  SELECT * FROM ended UNION ALL SELECT seq, tail, shard, event_seq, event_tail, destination_id FROM deliveries WHERE seq = ANY($1::bigint[])
) d JOIN allowed a ON a.delivery_seq = d.seq
ON CONFLICT (seq) DO NOTHING`;

/** Answers the numbers of deliveries whose fence is stale. */
async function settleBatch(database: Database, batch: readonly NumberedSettlement[]): Promise<number[]> {
  const stale: number[] = [];
  for (const round of roundsOf(batch)) {
    const left = await settleRound(database, SETTLE, round);
    stale.push(...left.stale);
    // What stands in a line is settled with the next one's release, and under the lock of its line: one that left it meanwhile too.
    if (left.inLine.length > 0) stale.push(...(await settleInLines(database, left.inLine)));
  }
  return stale;
}

/** In one transaction with letting the next ones go. */
function settleInLines(database: Database, round: readonly NumberedSettlement[]): Promise<number[]> {
  return database.transaction(async (queries) => {
    const lines = await lockLinesOf(
      queries,
      round.map(({ settlement }) => settlement.deliverySeq),
    );
    const { stale } = await settleRound(queries, SETTLE_IN_LINE, round);
    await unblock(queries, lines);
    return stale;
  });
}

async function settleRound(
  queries: Queries,
  text: string,
  round: readonly NumberedSettlement[],
): Promise<{ stale: number[]; inLine: NumberedSettlement[] }> {
  const left = new Map((await queries.query({ text, values: arraysOf(round) })) as [seq: number, kind: number][]);
  const of = (kind: number) => round.filter(({ settlement }) => left.get(settlement.deliverySeq) === kind);
  const missed = of(1);
  if (missed.length > 0) await queries.query({ text: SETTLE_ENDED, values: arraysOf(missed) });
  return { stale: of(0).map(({ settlement }) => settlement.deliverySeq), inLine: of(2) };
}

/** Steps of one delivery go one after the other: a statement can change a row only once. Nearly always there is one round. */
function roundsOf(batch: readonly NumberedSettlement[]): NumberedSettlement[][] {
  const rounds: NumberedSettlement[][] = [];
  const stepsOf = new Map<number, number>();
  for (const one of batch) {
    const { deliverySeq } = one.settlement;
    const round = stepsOf.get(deliverySeq) ?? 0;
    stepsOf.set(deliverySeq, round + 1);
    (rounds[round] ??= []).push(one);
  }
  return rounds;
}

function arraysOf(batch: readonly NumberedSettlement[]) {
  const rows = batch.map(valuesOf);
  return COLUMNS.map((_, at) => rows.map((row) => row[at]!));
}

function valuesOf({ settlement, id }: NumberedSettlement): (string | number | boolean | Uint8Array | null)[] {
  const { deliverySeq, fence, attempt, step, leavesLine = false } = settlement;
  const { result } = attempt;
  return [
    deliverySeq,
    shardOf(attempt.destinationId),
    fence,
    STATE_CODE[step.state],
    step.attempts,
    step.nextAttemptAt,
    step.reason,
    step.finishedAt,
    leavesLine,
    id.seq,
    id.tail,
    attempt.number,
    attempt.startedAt,
    attempt.durationMs,
    packAttemptRequest(attempt),
    ...(result.kind === "failure"
      ? [null, result.failure, result.message, null, null, false]
      : [result.status, null, null, JSON.stringify(result.headers), result.body.byteLength === 0 ? null : result.body, result.truncated]),
  ];
}

/** A settlement that is given again, because nobody knows whether it was kept, has the attempt's id that it had at first. */
export function createSettler(database: Database, ids: IdSource): (batch: readonly Settlement[]) => Promise<number[]> {
  const numbers = new WeakMap<Settlement, IdParts>();
  return async (batch) => {
    const numbered = batch.map((settlement) => {
      let id = numbers.get(settlement);
      if (id === undefined) numbers.set(settlement, (id = ids.next()));
      return { settlement, id };
    });
    try {
      return await settleBatch(database, numbered);
    } catch (error) {
      // Another node's attempt has the number; a repeat of our own would have found its delivery settled. The next try takes others.
      if (isTakenKey(error)) for (const settlement of batch) numbers.delete(settlement);
      throw error;
    }
  };
}
