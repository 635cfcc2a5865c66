// SQL of the dispatch step: undispatched events out, deliveries in.
import { type Delivery, LATE_REASON } from "../../core/delivery.ts";
import { type IdParts, type IdSource, parseId } from "../../core/id.ts";
import { shardOf } from "../../core/shard.ts";
import { BLOCKED_LANE, LANE_CODE, type Row } from "../rows.ts";
import { deliveryMade } from "../drafts.ts";
import type { DispatchedEvent, DispatchOutcome, NewDelivery, UndispatchedScope } from "../store.ts";
import { EVENT_COLUMNS } from "./columns.ts";
import type { Database, Queries, Statement } from "./connection.ts";
import { lockLines, placeInLines, type PlacedInLine } from "./order.ts";
import { lineOf } from "./order-places.ts";

/** Columns of a new delivery, in the order of its values. */
const COLUMNS: readonly [name: string, type: string][] = [
  ["seq", "bigint"],
  ["tail", "text"],
  ["shard", "smallint"],
  ["event_seq", "bigint"],
  ["event_tail", "text"],
  ["destination_id", "text"],
  ["subscription_id", "text"],
  ["lane", "smallint"],
  ["next_at", "bigint"],
  ["trigger", "text"],
  ["job_id", "text"],
  ["expires_at", "bigint"],
  ["body_bytes", "integer"],
];
type NewDeliveryRow = [
  number,
  string,
  number,
  number,
  string,
  string,
  string | null,
  number,
  number,
  string,
  string | null,
  number | null,
  number,
];

/** More of one that goes in an order. */
const ORDER_COLUMNS: readonly [name: string, type: string][] = [
  ["order_key", "text"],
  ["late", "boolean"],
  ["reason", "text"],
  ["line", "bigint"],
  ["order_by", "smallint"],
  ["order_at", "bigint"],
  ["order_place", "bigint"],
  ["frontier", "bigint"],
];
type OrderRow = [string | null, boolean, string | null, number | null, number, number, number, number | null];

const namesOf = (columns: readonly [string, string][]) => columns.map(([name]) => name).join(", ");
const arraysFrom = (columns: readonly [string, string][], first: number) =>
  columns.map(([, type], index) => `$${first + index}::${type}[]`).join(", ");

const ROW_COLUMNS = namesOf(COLUMNS);
const ROW_ARRAYS = arraysFrom(COLUMNS, 1);
const NEXT_VALUE = COLUMNS.length + 1;

const INSERT_DELIVERIES = `INSERT INTO deliveries (${ROW_COLUMNS}) SELECT * FROM unnest(${ROW_ARRAYS})`;

/**
 * The last part of an order is a number that grows with every row of every node, taken while the line is locked: of two at one
 * place, whoever was put there first has the smaller one. Whoever was first until now is put out of the way.
 */
const ORDERED = [...COLUMNS, ...ORDER_COLUMNS];
const INSERT_IN_ORDER = `
WITH displaced AS (
  UPDATE deliveries d SET lane = d.lane + ${BLOCKED_LANE} WHERE d.seq = ANY($${ORDERED.length + 1}::bigint[])
)
INSERT INTO deliveries (${namesOf(ORDERED)}, order_tie)
SELECT ${namesOf(ORDERED)}, CASE WHEN line IS NULL THEN 0 ELSE nextval('positions') END
FROM unnest(${arraysFrom(ORDERED, 1)}) WITH ORDINALITY AS n(${namesOf(ORDERED)}, ord) ORDER BY ord`;

/**
 * Rows of events that are to be covered are locked in their order before they go, so that two nodes that dispatch the same
 * events wait for each other and never in a circle. With a version, the configuration is held still until the commit.
 */
const coverText = (current: string, seqs: string) => `
WITH current AS MATERIALIZED (${current}), held AS MATERIALIZED (
  SELECT u.seq FROM undispatched u WHERE u.seq = ANY(${seqs}::bigint[]) AND EXISTS (SELECT 1 FROM current) ORDER BY u.seq FOR UPDATE
), covered AS (
  DELETE FROM undispatched u USING held h WHERE u.seq = h.seq RETURNING u.seq, u.position
)`;
const currentText = (version: string) => `SELECT 1 FROM config_version WHERE version = ${version} FOR SHARE`;
const ANY_VERSION = "SELECT 1";
const COVERED = "SELECT 0, count(*), NULL::bigint FROM current UNION ALL SELECT 1, seq, position FROM covered";

/** A delivery of a covered event (`named`) is made only by the node whose statement took the event's row. */
const commitText = (current: string) => `
${coverText(current, `$${NEXT_VALUE + 1}`)}, made AS (
  INSERT INTO deliveries (${ROW_COLUMNS})
  SELECT ${ROW_COLUMNS} FROM unnest(${ROW_ARRAYS}, $${NEXT_VALUE}::boolean[]) AS n(${ROW_COLUMNS}, named)
  WHERE EXISTS (SELECT 1 FROM current) AND (NOT named OR event_seq IN (SELECT seq FROM covered))
  RETURNING seq
)
${COVERED}`;

const COMMIT = commitText(ANY_VERSION);
const COMMIT_AT_VERSION = commitText(currentText(`$${NEXT_VALUE + 2}`));
const COVER = `${coverText(ANY_VERSION, "$1")} ${COVERED}`;
const COVER_AT_VERSION = `${coverText(currentText("$2"), "$1")} ${COVERED}`;

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

const idOf = ([seq, tail]: NewDeliveryRow): IdParts => ({ seq, tail });

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
    draft.expiresAt,
    draft.bodyBytes,
  ];
}

function arraysOf(rows: readonly (readonly (string | number | boolean | null)[])[], width: number) {
  return Array.from({ length: width }, (_, at) => rows.map((row) => row[at]!));
}

const isOrdered = ({ order }: NewDelivery) => order !== undefined && order !== null;
const linesOf = (drafts: readonly NewDelivery[]) =>
  drafts.flatMap(({ destinationId, order, jobId }) =>
    order === undefined || order === null ? [] : [lineOf(destinationId, order.key, jobId)],
  );

/** Makes deliveries of events that were dispatched before. Call it inside a transaction. */
export async function insertDeliveries(queries: Queries, ids: IdSource, drafts: readonly NewDelivery[]): Promise<Delivery[]> {
  if (drafts.length === 0) return [];
  const rows = drafts.map((draft) => deliveryRow(ids, draft));
  if (drafts.some(isOrdered)) {
    await lockLines(queries, linesOf(drafts));
    return insertInOrder(queries, rows, drafts, new Map());
  }
  await queries.query({ name: "insert-deliveries", text: INSERT_DELIVERIES, values: arraysOf(rows, COLUMNS.length) });
  return rows.map((row, index) => deliveryMade(idOf(row), drafts[index]!, null));
}

export async function commitDispatch(
  database: Database,
  ids: IdSource,
  events: readonly DispatchedEvent[],
  drafts: readonly NewDelivery[],
  configVersion: number | undefined,
): Promise<DispatchOutcome> {
  const named = new Set(events.map(({ seq }) => seq));
  const rows = drafts.map((draft) => deliveryRow(ids, draft));
  if (drafts.some(isOrdered)) return commitInOrder(database, named, rows, drafts, configVersion);
  const values = [...arraysOf(rows, COLUMNS.length), drafts.map(({ eventSeq }) => named.has(eventSeq)), [...named]];
  const answer = await database.query(
    configVersion === undefined ? { text: COMMIT, values } : { text: COMMIT_AT_VERSION, values: [...values, configVersion] },
  );
  const covered = coveredFrom(answer);
  if (covered === null) return { kind: "stale" };
  return {
    kind: "done",
    deliveries: rows.map((row, index) => (isMade(drafts[index]!, named, covered) ? deliveryMade(idOf(row), drafts[index]!, null) : null)),
  };
}

/** Positions of the events that this statement covered, by their numbers; null when the configuration is another one by now. */
function coveredFrom(answer: readonly Row[]): Map<number, number> | null {
  if (answer.some(([kind, count]) => kind === 0 && count === 0)) return null;
  return new Map(answer.filter(([kind]) => kind === 1).map(([, seq, position]) => [seq as number, position as number]));
}

/** Whether this dispatch makes the delivery, and not the one of another node that covered its event before. */
function isMade({ eventSeq }: NewDelivery, named: ReadonlySet<number>, covered: ReadonlyMap<number, number>): boolean {
  return !named.has(eventSeq) || covered.has(eventSeq);
}

function commitInOrder(
  database: Database,
  named: ReadonlySet<number>,
  rows: readonly NewDeliveryRow[],
  drafts: readonly NewDelivery[],
  configVersion: number | undefined,
): Promise<DispatchOutcome> {
  return database.transaction(async (queries) => {
    await lockLines(queries, linesOf(drafts));
    const answer = await queries.query(
      configVersion === undefined ? { text: COVER, values: [[...named]] } : { text: COVER_AT_VERSION, values: [[...named], configVersion] },
    );
    const covered = coveredFrom(answer);
    if (covered === null) return { kind: "stale" };
    const indexes = drafts.flatMap((draft, index) => (isMade(draft, named, covered) ? [index] : []));
    const made = await insertInOrder(
      queries,
      indexes.map((index) => rows[index]!),
      indexes.map((index) => drafts[index]!),
      covered,
    );
    const byIndex = new Map(indexes.map((index, at) => [index, made[at]!]));
    return { kind: "done", deliveries: drafts.map((_, index) => byIndex.get(index) ?? null) };
  });
}

const POSITIONS = "SELECT e.seq, e.position FROM events e WHERE e.seq = ANY($1::bigint[]) AND e.seq >= $2 AND e.seq <= $3";

/** Places of these events in the order of acceptance; `known` are those that the caller has read already. */
async function positionsOf(
  queries: Queries,
  eventSeqs: readonly number[],
  known: ReadonlyMap<number, number>,
): Promise<Map<number, number>> {
  const positions = new Map(known);
  const missing = [...new Set(eventSeqs)].filter((seq) => !known.has(seq)).toSorted((a, b) => a - b);
  if (missing.length === 0) return positions;
  const rows = await queries.query({ text: POSITIONS, values: [missing, missing[0]!, missing.at(-1)!] });
  for (const [seq, position] of rows) positions.set(seq as number, position as number);
  return positions;
}

/** Inserts rows whose lines are locked, some of which go in an order. */
async function insertInOrder(
  queries: Queries,
  rows: readonly NewDeliveryRow[],
  drafts: readonly NewDelivery[],
  known: ReadonlyMap<number, number>,
): Promise<Delivery[]> {
  if (rows.length === 0) return [];
  const ordered = drafts.filter(isOrdered);
  const ofEvents = ordered.filter(({ jobId }) => jobId === null).map(({ eventSeq }) => eventSeq);
  const positions = await positionsOf(queries, ofEvents, known);
  const { placed, displaced } = await placeInLines(
    queries,
    ordered.map(({ destinationId, jobId, order, eventSeq }) => ({
      shard: shardOf(destinationId),
      destinationId,
      jobId,
      order: order!,
      accepted: jobId === null ? (positions.get(eventSeq) ?? 0) : null,
    })),
  );
  const places = new Map(ordered.map((draft, index) => [draft, placed[index]!]));
  const values = rows.map((row, index) => [
    ...inLane(row, places.get(drafts[index]!)),
    ...orderRow(drafts[index]!, places.get(drafts[index]!)),
  ]);
  await queries.query({ text: INSERT_IN_ORDER, values: [...arraysOf(values, ORDERED.length), displaced] });
  return rows.map((row, index) => deliveryMade(idOf(row), drafts[index]!, places.get(drafts[index]!) ?? null));
}

const LANE_AT = COLUMNS.findIndex(([name]) => name === "lane");

function inLane(row: NewDeliveryRow, place: PlacedInLine | undefined): readonly NewDeliveryRow[number][] {
  return place?.blocked === true ? row.with(LANE_AT, (row[LANE_AT] as number) + BLOCKED_LANE) : row;
}

function orderRow({ order }: NewDelivery, place: PlacedInLine | undefined): OrderRow {
  if (place === undefined) return [null, false, null, null, 0, 0, 0, null];
  const { late, line, by, at, place: behind, frontier } = place;
  return [order!.key, late, late ? LATE_REASON : null, line, by, at, behind, frontier];
}
