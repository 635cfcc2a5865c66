// Records of the archive into these tables, a batch per statement.
import { formatId, timeOfSeq } from "../../core/id.ts";
import { shardOf, shardOfEvent } from "../../core/shard.ts";
import { type AnyRecord, type FieldKind, type Section, SECTIONS } from "../archive.ts";
import { putFrontiers } from "./archive-frontiers.ts";
import { ARCHIVE_TABLES, type ArchiveTable, type TableSection } from "./archive-tables.ts";
import type { Queries, Value } from "./connection.ts";
import { lineOf } from "./order-places.ts";

const TYPES: Record<FieldKind, string> = {
  text: "text[]",
  "text?": "text[]",
  count: "bigint[]",
  "count?": "bigint[]",
  whole: "bigint[]",
  "whole?": "bigint[]",
  flag: "boolean[]",
  bytes: "bytea[]",
  "bytes?": "bytea[]",
};

const PLAIN_TABLES = {
  config: "config",
  revisions: "config_revisions",
  health: "destination_health",
  dedupe: "dedupe",
  requests: "requests",
  jobs: "jobs",
  idempotency: "idempotency",
} as const;

/** Runs inside the transaction that commits the mark with them. */
export async function putRecords(queries: Queries, section: Section, records: readonly AnyRecord[]): Promise<void> {
  if (records.length === 0) return;
  switch (section) {
    case "marks":
      return putMarks(queries, records);
    case "events":
      return putEvents(queries, records);
    case "deliveries":
      return putDeliveries(queries, records);
    case "frontiers":
      return putFrontiers(queries, records);
    case "attempts":
      return insert(queries, "attempts", columnsOf("attempts", records, { shard: shardsOfDestinations(records) }));
    default:
      return insert(queries, PLAIN_TABLES[section], columnsOf(section, records));
  }
}

async function putMarks(queries: Queries, records: readonly AnyRecord[]): Promise<void> {
  // `dispatchedThrough` is of stores that walk by seq; here every event says it for itself.
  const version = records.find(({ name }) => name === "configVersion")?.["value"];
  if (typeof version !== "number") return;
  await queries.query({ text: "UPDATE config_version SET version = greatest(version, $1::bigint)", values: [version] });
}

/**
 * Where acceptance had no positions of its own, the seq is one: it ascends with them. New positions begin behind the highest
 * (finishImport).
 */
async function putEvents(queries: Queries, records: readonly AnyRecord[]): Promise<void> {
  const placed = records.map((record): AnyRecord => ({ ...record, position: record["position"] ?? record["seq"]! }));
  await insert(queries, "events", columnsOf("events", placed, { shard: placed.map(shardOfRecord) }));
  const waiting = placed.filter(({ dispatched }) => dispatched === false);
  if (waiting.length === 0) return;
  await insert(queries, "undispatched", [
    column("seq", "count", waiting),
    { name: "shard", type: "bigint[]", values: waiting.map(shardOfRecord) },
    column("position", "count", waiting),
    { ...column("receivedAt", "count", waiting), name: "received_at" },
  ]);
}

async function putDeliveries(queries: Queries, records: readonly AnyRecord[]): Promise<void> {
  const waiting = records
    .filter(({ state }) => state === 0)
    .map((record): AnyRecord => ({
      ...record,
      lane: record["lane"] ?? 0,
      nextAt: record["nextAt"] ?? timeOfSeq(record["seq"] as number),
      ...placeOf(record),
    }));
  const ended = records
    .filter(({ state }) => state !== 0)
    .map((record): AnyRecord => ({ ...record, finishedAt: record["finishedAt"] ?? timeOfSeq(record["seq"] as number) }));
  const without = (columns: Column[], ...names: string[]) => columns.filter(({ name }) => !names.includes(name));
  if (waiting.length > 0) {
    const columns = columnsOf("deliveries", waiting, { shard: shardsOfDestinations(waiting) });
    const lines = ["line", "frontier"].map((name) => column(name, "count?", waiting));
    await insert(queries, "deliveries", [...without(columns, "state", "finished_at"), ...lines]);
    await weigh(queries, waiting);
  }
  if (ended.length > 0) {
    const columns = columnsOf("deliveries", ended, { shard: shardsOfDestinations(ended) });
    await insert(queries, "deliveries_done", without(columns, "lane", "next_at", ...PLACE_COLUMNS));
  }
}

/** The archive says a body's size at its event only, which came before. */
async function weigh(queries: Queries, waiting: readonly AnyRecord[]): Promise<void> {
  const eventSeqs = waiting.map(({ eventSeq }) => eventSeq as number);
  await queries.query({
    text: `UPDATE deliveries d SET body_bytes = length(e.body) FROM events e
      WHERE e.seq = d.event_seq AND d.seq = ANY($1::bigint[]) AND e.seq >= $2 AND e.seq <= $3`,
    values: [waiting.map(({ seq }) => seq as number), Math.min(...eventSeqs), Math.max(...eventSeqs)],
  });
}

const PLACE_COLUMNS = ["order_by", "order_at", "order_place", "order_tie", "released"];
const NO_PLACE = { line: null, frontier: null, orderBy: 0, orderAt: 0, orderPlace: 0, orderTie: 0, released: false };

/**
 * Where a waiting one stands. Without numbers of several nodes a line goes by its seqs: they are below every number that is
 * taken for a new one, and a place of 0 waits for no event that might come before it.
 */
function placeOf({ seq, destinationId, orderKey, jobId, inLine, orderBy, orderAt, orderPlace, orderTie, released }: AnyRecord): AnyRecord {
  if (inLine !== true) return NO_PLACE;
  const [destination, key] = [destinationId, orderKey] as [string, string];
  return {
    line: lineOf(destination, key, jobId as string | null),
    frontier: (orderBy as number) > 0 ? lineOf(destination, key, null) : null,
    orderBy: orderBy!,
    orderAt: orderAt ?? 0,
    orderPlace: orderPlace ?? 0,
    orderTie: orderTie ?? seq!,
    released: released!,
  };
}

interface Column {
  name: string;
  type: string;
  values: AnyRecord[string][];
}

function columnsOf(section: TableSection, records: readonly AnyRecord[], more: Record<string, number[]> = {}): Column[] {
  const { places }: ArchiveTable = ARCHIVE_TABLES[section];
  const columns = Object.entries<FieldKind>(SECTIONS[section]).flatMap(([field, kind]): Column[] => {
    const place = places[field]!;
    return typeof place === "string" ? [{ ...column(field, kind, records), name: place }] : [];
  });
  return [...columns, ...Object.entries(more).map(([name, values]) => ({ name, type: "bigint[]", values }))];
}

function column(field: string, kind: FieldKind, records: readonly AnyRecord[]): Column {
  return { name: field, type: TYPES[kind], values: records.map((record) => record[field]!) };
}

async function insert(queries: Queries, table: string, columns: readonly Column[]): Promise<void> {
  const names = columns.map(({ name }) => name).join(", ");
  const lists = columns.map(({ type }, at) => `$${at + 1}::${type}`).join(", ");
  await queries.query({
    text: `INSERT INTO ${table} (${names}) SELECT * FROM unnest(${lists})`,
    values: columns.map(({ values }): Value => values),
  });
}

function shardOfRecord({ seq, tail, sourceId }: AnyRecord): number {
  return shardOfEvent({ id: formatId("evt", { seq: seq as number, tail: tail as string }), sourceId: sourceId as string | null });
}

function shardsOfDestinations(records: readonly AnyRecord[]): number[] {
  return records.map(({ destinationId }) => shardOf(destinationId as string));
}
