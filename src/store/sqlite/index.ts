// The SQLite adapter of the store port: one writer, one reader and one checkpointer, each on a thread of its own.
import { dirname, join } from "node:path";
import type { Delivery } from "../../core/delivery.ts";
import { createIdSource, formatId, type IdParts, type IdSource, parseId, seqAtTime, timeOfSeq } from "../../core/id.ts";
import { shardOf } from "../../core/shard.ts";
import type { Clock } from "../../system/clock.ts";
import type { Random } from "../../system/random.ts";
import { deliveryMade } from "../drafts.ts";
import type { ListQuery, NewDelivery, Settlement, Store } from "../store.ts";
import { startCheckpoints } from "./checkpoint.ts";
import { migrate, openWriter } from "./connection.ts";
import type { NewDeliveryRow, OrderMark } from "./dispatch.ts";
import { countOpening, refuseHalfImported } from "./import-mark.ts";
import { lockDirectory } from "./lock.ts";
import type { RowPage } from "./lists.ts";
import { type Reader, startReader } from "./reader.ts";
import {
  attemptFrom,
  type Cell,
  deliveryFrom,
  eventFrom,
  eventHeadFrom,
  eventsFrom,
  packAttemptRequest,
  packEnvelope,
  type Row,
  requestHeadRecordFrom,
  requestRecordFrom,
  STATE_CODE,
} from "../rows.ts";
import { startWriter, type Writer } from "./writer.ts";

export interface SqliteOptions {
  directory: string;
  clock: Clock;
  random: Random;
  /** Rejected requests kept, and duplicates kept, each. */
  requestsKeptMax: number;
  /** Called once when nothing can be committed any more: the program must end, not guess. */
  onFatal: (error: Error) => void;
}

export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const lock = lockDirectory(options.directory);
  const file = join(options.directory, "posthorn.db");
  let ids: IdSource;
  try {
    ids = createIdSource(options.clock, options.random, prepareFile(file));
  } catch (error) {
    lock.release();
    throw error;
  }
  const writer = startWriter({ file, requestsKeptMax: options.requestsKeptMax, ids, onFatal: options.onFatal });
  const reader = startReader(file, options.onFatal);
  const checkpoints = startCheckpoints(file, options.clock, writer.resetLog);
  let closed: Promise<void> | null = null;
  async function close(): Promise<void> {
    await checkpoints.close();
    await reader.close();
    await writer.close();
    lock.release();
  }
  return {
    ...createWriteHalf(writer, ids),
    ...createReadHalf(reader),
    close: () => (closed ??= close()),
  };
}

/** Brings the file to today's schema, checks it, and answers the highest number used in it. */
function prepareFile(file: string): number {
  const database = openWriter(file);
  try {
    migrate(database);
    refuseHalfImported(database, dirname(file));
    countOpening(database);
    // What was dispatched ahead of the walk is behind it now.
    database.exec(
      "DELETE FROM progress WHERE name GLOB 'dispatched:*' AND value <= (SELECT value FROM progress WHERE name = 'dispatched_through')",
    );
    const { seq } = database
      .prepare(
        `SELECT max(ifnull((SELECT max(seq) FROM events), 0), ifnull((SELECT max(seq) FROM requests), 0), ifnull((SELECT max(seq) FROM deliveries), 0),
                    ifnull((SELECT max(seq) FROM attempts), 0), ifnull((SELECT max(seq) FROM jobs), 0),
                    (SELECT value FROM progress WHERE name = 'dispatched_through')) AS seq`,
      )
      .get() as { seq: number };
    return seq;
  } finally {
    database.close();
  }
}

const deliveryOf = (row: Row) => deliveryFrom(row, timeOfSeq);

function newDeliveryRow(ids: IdSource, delivery: NewDelivery): NewDeliveryRow {
  const { seq, tail } = ids.next();
  return [
    seq,
    tail,
    delivery.eventSeq,
    delivery.destinationId,
    delivery.subscriptionId,
    delivery.nextAttemptAt,
    delivery.trigger,
    delivery.jobId,
    delivery.expiresAt,
    delivery.order ?? null,
  ];
}

function deliveriesMade(rows: NewDeliveryRow[], drafts: NewDelivery[], marks: OrderMark[]): Delivery[] {
  const places = new Map(marks.map(([index, late, blocked]) => [index, { late, blocked }]));
  return rows.map(([seq, tail], index) => deliveryMade({ seq, tail }, drafts[index]!, places.get(index) ?? null));
}

type WriteHalf = Pick<
  Store,
  | "accept"
  | "acceptSplit"
  | "recordRequests"
  | "commitDispatch"
  | "settle"
  | "dueDeliveries"
  | "expireDeliveries"
  | "commandDeliveries"
  | "applyConfig"
  | "putDestinationHealth"
  | "putJob"
  | "stepJob"
  | "cancelJob"
  | "deleteExpired"
  | "sweep"
  | "ping"
>;

function createWriteHalf(writer: Writer, ids: IdSource): WriteHalf {
  return {
    accept: writer.accept,
    acceptSplit: writer.acceptSplit,
    async recordRequests(batch) {
      const rows = batch.map(({ request, ...facts }) => ({
        ...ids.next(),
        ...facts,
        envelope: packEnvelope(request),
        body: request.body,
      }));
      await writer.call("recordRequests", rows);
    },
    async commitDispatch(events, drafts, configVersion) {
      const rows = drafts.map((draft) => newDeliveryRow(ids, draft));
      const marks = await writer.call("commitDispatch", events.at(-1)?.seq ?? 0, rows, configVersion ?? null);
      return marks === null ? { kind: "stale" } : { kind: "done", deliveries: deliveriesMade(rows, drafts, marks) };
    },
    async settle(batch) {
      const values: Cell[] = [];
      for (const settlement of batch) pushSettlement(values, ids, settlement);
      await writer.call("settle", values);
      // One process holds the store: nobody else can have taken anything over.
      return [];
    },
    async dueDeliveries(query) {
      const { rows, ...rest } = await writer.call("dueDeliveries", query);
      return { ...rest, deliveries: rows.map(deliveryOf) };
    },
    async expireDeliveries(query) {
      const { rows, nextExpiryAt } = await writer.call("expireDeliveries", query);
      return { deliveries: rows.map(deliveryOf), nextExpiryAt };
    },
    async commandDeliveries(deliveryIds, command, idempotency) {
      const answer = await writer.call("commandDeliveries", targetsOf(deliveryIds), command, idempotency);
      return answer.kind === "repeated" ? answer : { kind: "done", result: answer.result.map(deliveryOf) };
    },
    applyConfig: (changes, at, idempotency, ifVersion) => writer.call("applyConfig", changes, at, idempotency, ifVersion ?? null),
    async putDestinationHealth(destinationId, breaker) {
      await writer.call("putDestinationHealth", destinationId, breaker);
    },
    putJob: (job, idempotency) => writer.call("putJob", parseId("job", job.id)?.seq ?? ids.next().seq, job, idempotency),
    async stepJob(job, fromCursor, effect) {
      const drafts = effect.kind === "create" ? effect.deliveries : [];
      const rows = drafts.map((draft) => newDeliveryRow(ids, draft));
      const change = effect.kind === "create" ? null : { ...effect, targets: targetsOf(effect.deliveryIds) };
      const stepped = await writer.call("stepJob", job, fromCursor, rows, change);
      if (!stepped.done) return { job: stepped.job ?? { ...job, status: "cancelled" }, deliveries: [] };
      const made = deliveriesMade(rows, drafts, stepped.marks);
      return { job: stepped.job, deliveries: [...made, ...stepped.changed.map(deliveryOf)] };
    },
    cancelJob: (id, at) => writer.call("cancelJob", id, at),
    deleteExpired: (slice) => writer.call("deleteExpired", slice),
    sweep: (now, requestsBefore) => writer.call("sweep", now, requestsBefore),
    async ping() {
      await writer.call("ping");
    },
  };
}

/** What is no id names nothing. */
function targetsOf(deliveryIds: readonly string[]): IdParts[] {
  return deliveryIds.map((id) => parseId("dlv", id)).filter((parts) => parts !== null);
}

function pushSettlement(values: Cell[], ids: IdSource, { deliverySeq, attempt, step, leavesLine }: Settlement): void {
  const { seq, tail } = ids.next();
  const { result } = attempt;
  values.push(
    STATE_CODE[step.state],
    step.attempts,
    step.nextAttemptAt,
    step.reason,
    step.finishedAt,
    leavesLine === true ? 1 : 0,
    deliverySeq,
    seq,
    tail,
    deliverySeq,
    attempt.number,
    attempt.startedAt,
    attempt.durationMs,
    packAttemptRequest(attempt),
  );
  if (result.kind === "failure") {
    values.push(null, result.failure, result.message, null, null, 0);
    return;
  }
  const body = result.body.byteLength === 0 ? null : result.body;
  values.push(result.status, null, null, JSON.stringify(result.headers), body, result.truncated ? 1 : 0);
}

type ReadHalf = Omit<Store, keyof WriteHalf | "close">;

function createReadHalf(reader: Reader): ReadHalf {
  const one = async <T>(row: Promise<Row | null>, from: (row: Row) => T): Promise<T | null> => {
    const found = await row;
    return found === null ? null : from(found);
  };
  const page = async <T extends { id: string }>(rows: Promise<RowPage>, from: (row: Row) => T) => {
    const { rows: found, nextSeq } = await rows;
    return { data: found.map(from), nextCursor: nextSeq === null ? null : String(nextSeq) };
  };
  return {
    undispatched: async (limit, bytesMax = Number.POSITIVE_INFINITY) => eventsFrom(await reader.call("undispatched", limit, bytesMax)),
    async waitingDestinations(shards) {
      const waiting = await reader.call("waitingDestinations");
      return shards === undefined ? waiting : waiting.filter(({ destinationId }) => shards.includes(shardOf(destinationId)));
    },
    async destinationHealth(destinationIds) {
      const health = await reader.call("destinationHealth");
      return destinationIds === undefined ? health : health.filter(({ destinationId }) => destinationIds.includes(destinationId));
    },
    eventsBySeq: async (seqs) => eventsFrom(await reader.call("eventsBySeq", seqs)),
    event: (id) => byId("evt", id, (seq, tail) => one(reader.call("event", seq, tail), eventFrom)),
    request: (id) => byId("req", id, (seq, tail) => one(reader.call("request", seq, tail), requestRecordFrom)),
    reachOfEvents: (seqs) => reader.call("reachOfEvents", seqs),
    delivery: (id) => byId("dlv", id, (seq, tail) => one(reader.call("delivery", seq, tail), deliveryOf)),
    blockerOf: (id) => byId("dlv", id, (seq, tail) => blockerId(reader.call("blockerOf", seq, tail))),
    attempt: (id) => byId("att", id, (seq, tail) => one(reader.call("attempt", seq, tail), attemptFrom)),
    events: (query) => page(reader.call("events", query, cursorSeq(query)), eventHeadFrom),
    requests: (query) => page(reader.call("requests", query, cursorSeq(query)), requestHeadRecordFrom),
    deliveries: (query) => page(reader.call("deliveries", query, cursorSeq(query), seqOf("evt", query.eventId)), deliveryOf),
    attempts: (query) => {
      const ids = { deliverySeq: seqOf("dlv", query.deliveryId), eventSeq: seqOf("evt", query.eventId) };
      return page(reader.call("attempts", query, cursorSeq(query), ids), attemptFrom);
    },
    config: () => reader.call("config"),
    configVersion: () => reader.call("configVersion"),
    configRevisions: (kind, id) => reader.call("configRevisions", kind, id),
    idempotencyRecord: (key) => reader.call("idempotencyRecord", key),
    job: (id) => reader.call("job", id),
    async jobs(query) {
      const until = query.until === null ? Number.MAX_SAFE_INTEGER : seqAtTime(query.until);
      const before = Math.min(cursorSeq(query) ?? Number.MAX_SAFE_INTEGER, until);
      const found = await reader.call("jobs", before, query.since === null ? 0 : seqAtTime(query.since), query.limit + 1);
      const kept = found.slice(0, query.limit);
      return { data: kept.map(({ job }) => job), nextCursor: found.length > query.limit ? String(kept.at(-1)!.seq) : null };
    },
    unfinishedJobs: () => reader.call("unfinishedJobs"),
    size: () => reader.call("size"),
  };
}

async function blockerId(found: Promise<[seq: number, tail: string] | null>): Promise<string | null> {
  const blocker = await found;
  return blocker === null ? null : formatId("dlv", { seq: blocker[0], tail: blocker[1] });
}

async function byId<T>(
  prefix: "evt" | "req" | "dlv" | "att",
  id: string,
  read: (seq: number, tail: string) => Promise<T | null>,
): Promise<T | null> {
  const parts = parseId(prefix, id);
  return parts === null ? null : read(parts.seq, parts.tail);
}

/** The number in an id, -1 for something that is no id: it matches nothing. */
function seqOf(prefix: "evt" | "dlv", id: string | undefined): number | null {
  return id === undefined ? null : (parseId(prefix, id)?.seq ?? -1);
}

function cursorSeq(query: ListQuery): number | null {
  return query.cursor === null ? null : Number(query.cursor);
}
