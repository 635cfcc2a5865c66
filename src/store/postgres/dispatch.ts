// SQL of the dispatch step: undispatched events out, deliveries in.
import type { Delivery } from "../../core/delivery.ts";
import { formatId, type IdSource, parseId, timeOfSeq } from "../../core/id.ts";
import { shardOf } from "../../core/shard.ts";
import { LANE_CODE } from "../rows.ts";
import type { DispatchedEvent, DispatchOutcome, NewDelivery, UndispatchedScope } from "../store.ts";
import { EVENT_COLUMNS } from "./columns.ts";
import type { Queries, Statement } from "./connection.ts";

/** Values of a new delivery: seq, tail, shard, event's seq and tail, destination, subscription, lane, next attempt at, trigger, job. */
type NewDeliveryRow = [number, string, number, number, string, string, string | null, number, number, string, string | null];

const ROW_COLUMNS = "seq, tail, shard, event_seq, event_tail, destination_id, subscription_id, lane, next_at, trigger, job_id";
const ROW_ARRAYS =
  "$1::bigint[], $2::text[], $3::smallint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::smallint[], $9::bigint[], $10::text[], $11::text[]";

const INSERT_DELIVERIES = `INSERT INTO deliveries (${ROW_COLUMNS}) SELECT * FROM unnest(${ROW_ARRAYS})`;

/**
 * Rows of events that are to be covered are locked in their order before they go, so that two nodes that dispatch the same
 * events wait for each other and never in a circle. A delivery of a covered event (`named`) is made only by the node whose
 * statement took the event's row. With a version, the configuration is held still until the commit.
 */
const commitText = (current: string) => `
WITH current AS MATERIALIZED (${current}), held AS MATERIALIZED (
  SELECT u.seq FROM undispatched u WHERE u.seq = ANY($13::bigint[]) AND EXISTS (SELECT 1 FROM current) ORDER BY u.seq FOR UPDATE
), covered AS (
  DELETE FROM undispatched u USING held h WHERE u.seq = h.seq RETURNING u.seq
), made AS (
  INSERT INTO deliveries (${ROW_COLUMNS})
  SELECT ${ROW_COLUMNS} FROM unnest(${ROW_ARRAYS}, $12::boolean[]) AS n(${ROW_COLUMNS}, named)
  WHERE EXISTS (SELECT 1 FROM current) AND (NOT named OR event_seq IN (SELECT seq FROM covered))
  RETURNING seq
)
SELECT 0, count(*) FROM current UNION ALL SELECT 1, seq FROM covered`;

const COMMIT = commitText("SELECT 1");
const COMMIT_AT_VERSION = commitText("SELECT 1 FROM config_version WHERE version = $14 FOR SHARE");

// The sum of the bodies before an event decides whether it still belongs to the answer. length() of a body reads its header only.
const undispatchedText = (scope: string) => `
SELECT ${EVENT_COLUMNS} FROM (
  SELECT u.seq, u.position, sum(length(b.body)) OVER (ORDER BY u.position) - length(b.body) AS bytes_before
  FROM (SELECT u.seq, u.position FROM undispatched u ${scope} ORDER BY u.position LIMIT $1) u
  JOIN events b ON b.seq = u.seq
) u JOIN events e ON e.seq = u.seq
WHERE u.bytes_before < $2 OR u.bytes_before = 0
ORDER BY u.position`;

const UNDISPATCHED = undispatchedText("");
const UNDISPATCHED_IN_SCOPE = undispatchedText("WHERE u.shard = ANY($3::smallint[]) AND u.received_at <= $4");

export function undispatchedStatement(limit: number, bytesMax: number, scope: UndispatchedScope | undefined): Statement {
  const bounds = [limit, Math.min(bytesMax, Number.MAX_SAFE_INTEGER)];
  // Planned each time: the table is empty or has a million rows, and both within a minute.
  if (scope === undefined) return { text: UNDISPATCHED, values: bounds };
  return { text: UNDISPATCHED_IN_SCOPE, values: [...bounds, scope.shards, scope.acceptedBefore] };
}

function deliveryRow(ids: IdSource, draft: NewDelivery): NewDeliveryRow {
  const { seq, tail } = ids.next();
  const event = parseId("evt", draft.eventId);
  if (event === null) throw new TypeError(`${draft.eventId} is no id of an event.`);
  return [
    seq,
    tail,
    shardOf(draft.destinationId),
    draft.eventSeq,
    event.tail,
    draft.destinationId,
    draft.subscriptionId,
    draft.trigger === "replay" ? LANE_CODE.replay : LANE_CODE.fresh,
    draft.nextAttemptAt,
    draft.trigger,
    draft.jobId,
  ];
}

const WIDTH = 11;

function arraysOf(rows: readonly NewDeliveryRow[]) {
  return Array.from({ length: WIDTH }, (_, at) => rows.map((row) => row[at]!));
}

export async function insertDeliveries(queries: Queries, ids: IdSource, drafts: readonly NewDelivery[]): Promise<Delivery[]> {
  if (drafts.length === 0) return [];
  const rows = drafts.map((draft) => deliveryRow(ids, draft));
  await queries.query({ name: "insert-deliveries", text: INSERT_DELIVERIES, values: arraysOf(rows) });
  return rows.map((row, index) => deliveryMade(row, drafts[index]!));
}

export async function commitDispatch(
  queries: Queries,
  ids: IdSource,
  events: readonly DispatchedEvent[],
  drafts: readonly NewDelivery[],
  configVersion: number | undefined,
): Promise<DispatchOutcome> {
  const named = new Set(events.map(({ seq }) => seq));
  const rows = drafts.map((draft) => deliveryRow(ids, draft));
  const values = [...arraysOf(rows), drafts.map(({ eventSeq }) => named.has(eventSeq)), [...named]];
  const answer = (await queries.query(
    configVersion === undefined ? { text: COMMIT, values } : { text: COMMIT_AT_VERSION, values: [...values, configVersion] },
  )) as [kind: number, value: number][];
  if (answer.some(([kind, count]) => kind === 0 && count === 0)) return { kind: "stale" };
  const covered = new Set(answer.filter(([kind]) => kind === 1).map(([, seq]) => seq));
  return {
    kind: "done",
    deliveries: rows.map((row, index) => {
      const draft = drafts[index]!;
      return named.has(draft.eventSeq) && !covered.has(draft.eventSeq) ? null : deliveryMade(row, draft);
    }),
  };
}

function deliveryMade([seq, tail]: NewDeliveryRow, draft: NewDelivery): Delivery {
  const { eventId, eventSeq, destinationId, subscriptionId, nextAttemptAt, trigger, jobId } = draft;
  return {
    id: formatId("dlv", { seq, tail }),
    seq,
    eventId,
    eventSeq,
    destinationId,
    subscriptionId,
    state: "waiting",
    attempts: 0,
    nextAttemptAt,
    reason: null,
    trigger,
    jobId,
    createdAt: timeOfSeq(seq),
    finishedAt: null,
  };
}
