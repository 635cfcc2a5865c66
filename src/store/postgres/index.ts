// The PostgreSQL adapter of the store port and of the cluster port: one of several nodes on a schema that they share.
import { createIdSource, formatId, type IdSource, parseId } from "../../core/id.ts";
import type { Clock } from "../../system/clock.ts";
import type { Random } from "../../system/random.ts";
import type { Cluster } from "../cluster.ts";
import type { Pending } from "../drafts.ts";
import { eventFrom } from "../rows.ts";
import { type Store, StoreUnavailableError } from "../store.ts";
import { type Accepted, acceptGroup } from "./accept.ts";
import { refuseHalfImported } from "./archive.ts";
import { createCluster } from "./cluster.ts";
import { commandDeliveries } from "./commands.ts";
import { applyConfig, configRevisions, configVersion, guarded, idempotencyRecord, readConfig } from "./config.ts";
import type { Database, Queries } from "./connection.ts";
import { commitDispatch, undispatchedStatement } from "./dispatch.ts";
import { dueDeliveries, waitingDestinations } from "./due.ts";
import { expireDeliveries } from "./expiry.ts";
import { isMissingPartition, isTakenKey } from "./faults.ts";
import { createGroups, renumber } from "./groups.ts";
import { destinationHealth, putDestinationHealth } from "./health.ts";
import { cancelJob, putJob, readJob, readJobs, stepJob, unfinishedJobs } from "./jobs.ts";
import { createListReads } from "./lists.ts";
import { migrate } from "./migrate.ts";
import { SCHEMA_DEFAULT } from "./names.ts";
import { newNodeId, register, unregister } from "./nodes.ts";
import { blockerOf } from "./order.ts";
import { createPartitions, type Partitions } from "./partitions.ts";
import { openDatabase, type StoreLog } from "./pool.ts";
import { reachOfEvents } from "./reach.ts";
import { createRecordReads } from "./records.ts";
import { createReplica } from "./replica.ts";
import { createCaps, insertRequests } from "./requests.ts";
import { createRetention } from "./retention.ts";
import { createSettler } from "./settle.ts";

export interface PostgresOptions {
  /** `postgres://…`, also through a pooler in transaction mode. */
  url: string;
  /** A replica that lists may read; null or absent for none. */
  readUrl?: string | null;
  /** A schema of Posthorn's own in that database; made when it is not there. */
  schema?: string;
  clock: Clock;
  random: Random;
  /** Rejected requests kept, and duplicates kept, each. */
  requestsKeptMax: number;
  /** Connections of this node, and as many again to the replica. */
  poolMax: number;
  /** False on a node that only accepts: others are told of its events at once, instead of finding them by and by. */
  dispatches: boolean;
  log: StoreLog;
  /** Called when a newer version has made the tables into something that this one would misread: the program must end. */
  onFatal: (error: Error) => void;
}

export interface PostgresStore {
  store: Store;
  cluster: Cluster;
  /** This node's share of the numbers: no other node makes the same. */
  ids: IdSource;
  /** How old what the lists answer may be, in ms, by the last look: 0 while the primary answers them. */
  listsLagMs(): number;
}

export { SCHEMA_DEFAULT };
const TRIES_MAX = 5;

/**
 * Opens the schema, brings its tables to this version and enters this node. Throws SchemaRefusedError when the schema is not one
 * that this version may work on, and StoreUnavailableError when the database can't be reached.
 */
export async function openPostgresStore(options: PostgresOptions): Promise<PostgresStore> {
  const { clock, random, log, schema = SCHEMA_DEFAULT, poolMax } = options;
  const primary = openDatabase({ url: options.url, schema, poolMax, clock, random, log });
  const readUrl = options.readUrl ?? null;
  const second = readUrl === null ? null : openDatabase({ url: readUrl, schema, poolMax, clock, random, log });
  const lists = second === null ? { queries: primary, lagMs: () => 0 } : createReplica({ primary, replica: second, clock });
  const closeAll = async () => {
    await primary.close();
    await second?.close();
  };
  try {
    await migrate(primary, schema);
    await refuseHalfImported(primary);
    const partitions = createPartitions(primary);
    await partitions.ensure(clock.now());
    const nodeId = newNodeId(random);
    const numbers = await createNumbers(options, primary, nodeId);
    const cluster = await createCluster({ database: primary, clock, nodeId, onForgotten: numbers.renew, onFatal: options.onFatal });
    const parts: Parts = { database: primary, lists: lists.queries, ids: numbers.ids, partitions, cluster, options };
    const open: Omit<Store, "close"> = { ...createAcceptHalf(parts), ...createWriteHalf(parts), ...createReadHalf(parts) };
    return {
      cluster,
      ids: numbers.ids,
      listsLagMs: lists.lagMs,
      store: closing(open, async () => {
        // Where the database is away, what this node held runs out by itself.
        await cluster.leave().catch(() => undefined);
        await unregister(primary, nodeId).catch(() => undefined);
        await closeAll();
      }),
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

interface Parts {
  database: Database;
  lists: Queries;
  ids: IdSource;
  partitions: Partitions;
  cluster: Cluster;
  options: PostgresOptions;
}

/** The numbers inside ids: the node's own share of them, and another one when its place was given away while it slept. */
async function createNumbers({ clock, random }: PostgresOptions, database: Database, nodeId: string) {
  const take = async () => {
    const { share, highestSeq } = await register(database, nodeId);
    return createIdSource(clock, random, highestSeq, share);
  };
  let source = await take();
  return {
    ids: { next: () => source.next() },
    async renew() {
      source = await take();
    },
  };
}

/**
 * Tries again where a number was taken by a node with the same share, or where no partition was made for the time it stands for.
 * `work` must take new numbers each time.
 */
async function placed<T>({ partitions, options }: Pick<Parts, "partitions" | "options">, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries >= TRIES_MAX) throw error;
      if (isMissingPartition(error)) await partitions.ensure(options.clock.now());
      else if (!isTakenKey(error)) throw error;
    }
  }
}

type AcceptHalf = Pick<Store, "accept" | "acceptSplit" | "recordRequests">;

function createAcceptHalf(parts: Parts): AcceptHalf {
  const { database, ids, cluster, options } = parts;
  const keepWithinCap = createCaps(database, options.requestsKeptMax);
  async function commit(group: readonly Pending[]): Promise<Accepted> {
    let first = true;
    const accepted = await placed(parts, () => {
      if (!first) renumber(group, ids.next);
      first = false;
      return acceptGroup(database, group);
    });
    await keepWithinCap("duplicate", accepted.duplicates);
    // A hint: who does not hear it finds the events by their age.
    if (!options.dispatches) void cluster.send([{ kind: "accepted", shards: accepted.shards }]).catch(() => undefined);
    return accepted;
  }
  const { accept, acceptSplit } = createGroups(ids, commit);
  return {
    accept,
    acceptSplit,
    async recordRequests(batch) {
      await placed(parts, () => insertRequests(database, ids, batch));
      for (const outcome of ["rejected", "handshake"] as const) {
        await keepWithinCap(outcome, batch.filter((request) => request.outcome === outcome).length);
      }
    },
  };
}

type WriteHalf = Pick<
  Store,
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
  | "size"
  | "ping"
>;

function createWriteHalf(parts: Parts): WriteHalf {
  const { database, ids, partitions } = parts;
  const order = createOrder();
  const settle = createSettler(database, ids);
  return {
    commitDispatch: (events, drafts, version) => order.write(placed(parts, () => commitDispatch(database, ids, events, drafts, version))),
    settle: (batch) => order.write(placed(parts, () => settle(batch))),
    dueDeliveries: (query) => order.read(() => dueDeliveries(database, query)),
    expireDeliveries: (query) => order.write(placed(parts, () => expireDeliveries(database, query))),
    commandDeliveries: (deliveryIds, command, idempotency) =>
      order.write(
        placed(parts, () =>
          database.transaction((queries) => guarded(queries, idempotency, () => commandDeliveries(queries, deliveryIds, command))),
        ),
      ),
    applyConfig: (changes, at, idempotency, ifVersion) => applyConfig(database, changes, at, idempotency, ifVersion),
    putDestinationHealth: (destinationId, breaker) => putDestinationHealth(database, destinationId, breaker),
    putJob: (job, idempotency) => putJob(database, ids, job, idempotency),
    stepJob: (job, fromCursor, effect) => order.write(placed(parts, () => stepJob(database, ids, job, fromCursor, effect))),
    cancelJob: (id, at) => cancelJob(database, id, at),
    ...createRetention(database, partitions),
    async ping() {
      // A read would pass on a server that takes no writes.
      await database.query({ text: "UPDATE nodes SET takes = takes WHERE id = $1", values: [parts.cluster.nodeId] });
    },
  };
}

/** One store's writes and reads go over several connections: what reads what is due waits for the writes that were sent before. */
function createOrder() {
  const underWay = new Set<Promise<unknown>>();
  return {
    write<T>(work: Promise<T>): Promise<T> {
      const ended: Promise<unknown> = work.then(
        () => underWay.delete(ended),
        () => underWay.delete(ended),
      );
      underWay.add(ended);
      return work;
    },
    async read<T>(work: () => Promise<T>): Promise<T> {
      if (underWay.size > 0) await Promise.all(underWay);
      return work();
    },
  };
}

type ReadHalf = Omit<Store, keyof AcceptHalf | keyof WriteHalf | "close">;

function createReadHalf({ database, lists }: Parts): ReadHalf {
  return {
    ...createListReads(lists),
    ...createRecordReads(database),
    undispatched: async (limit, bytesMax = Number.POSITIVE_INFINITY, scope) =>
      (await database.query(undispatchedStatement(limit, bytesMax, scope))).map(eventFrom),
    reachOfEvents: (eventSeqs) => reachOfEvents(database, eventSeqs),
    async blockerOf(deliveryId) {
      const parts = parseId("dlv", deliveryId);
      const blocker = parts === null ? null : await blockerOf(database, parts.seq, parts.tail);
      return blocker === null ? null : formatId("dlv", blocker);
    },
    waitingDestinations: (shards) => waitingDestinations(database, shards),
    config: () => readConfig(database),
    configVersion: () => configVersion(database),
    configRevisions: (kind, id) => configRevisions(database, kind, id),
    idempotencyRecord: (key) => idempotencyRecord(database, key),
    destinationHealth: (destinationIds) => destinationHealth(database, destinationIds),
    job: (id) => readJob(database, id),
    jobs: (query) => readJobs(database, query),
    unfinishedJobs: () => unfinishedJobs(database),
  };
}

/** Refuses every call once `close` was called, and lets what was called before it come to its end. */
function closing(open: Omit<Store, "close">, end: () => Promise<void>): Store {
  const underWay = new Set<Promise<unknown>>();
  let closed: Promise<void> | null = null;
  const watch = (call: () => Promise<unknown>): Promise<unknown> => {
    if (closed !== null) return Promise.reject(new StoreUnavailableError("The store is closing."));
    const work = call();
    const ended: Promise<unknown> = work.then(
      () => underWay.delete(ended),
      () => underWay.delete(ended),
    );
    underWay.add(ended);
    return work;
  };
  const store: Record<string, unknown> = {};
  for (const [name, method] of Object.entries(open) as [string, (...args: unknown[]) => Promise<unknown>][]) {
    store[name] = (...args: unknown[]) => watch(() => method(...args));
  }
  store["close"] = () => (closed ??= Promise.all(underWay).then(end));
  return store as unknown as Store;
}
