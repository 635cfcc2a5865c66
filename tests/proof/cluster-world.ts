// The world of the cluster's proof: a PostgreSQL of its own, three real nodes on it, each by a network of its own, and a receiver.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { type Program, startProgram } from "../kit/program.ts";
import { asAdmin } from "../kit/postgres-shared.ts";
import { type PostgresServer, startPostgres } from "../kit/postgres-server.ts";
import { type SeededRandom, seededRandom } from "../kit/random.ts";
import type { Receiver } from "../kit/receiver.ts";
import { startToxicProxy, type ToxicProxy } from "../kit/toxic-proxy.ts";
import { createLedger, type Ledger, type Rule, type Violation } from "./cluster-ledger.ts";
import { createCaller, type NodeCaller } from "./cluster-calls.ts";
import { until } from "./cluster-until.ts";
import { startClusterReceiver } from "./cluster-receiver.ts";

export const NODES = 3;
/** As src/store/postgres/leases.ts has it. */
export const LEASE_MS = 8_000;
/** Of 64 shards a third each, but for some that are on their way. */
const SHARDS_EACH_MIN = 18;
/** So long may anything take to work again by itself after a fault. */
export const RECOVERY_MS_MAX = 30_000;
/** Small, so that it can be exhausted. */
export const POOL_MAX = 6;
const SERVER_CONNECTIONS_MAX = 60;
const API_KEY = "phk_fixture-key-of-the-proof-not-a-secret";
const SECRET_KEY = "5a".repeat(32);
const ROLE = "proof";
const PASSWORD = "not-a-secret-of-the-proof";
const LOG_CHARS_SHOWN = 4_000;

export interface ClusterNode {
  readonly name: string;
  /** Between it and the database, and nobody else. */
  readonly proxy: ToxicProxy;
  /** Null while it is down. */
  program: Program | null;
  readonly calls: NodeCaller;
}

export interface World {
  readonly seed: string;
  readonly nodes: readonly ClusterNode[];
  readonly postgres: PostgresServer;
  readonly receiver: Receiver;
  readonly ledger: Ledger;
  /** Rules that were broken outside of the ledger, as they happen. */
  readonly broken: Violation[];
  /** Counts up whenever the database goes away for all, and is 0 while it is there. */
  outage: number;
  /** Runs on the database itself, past the proxies, as somebody who may do anything. */
  admin<T>(work: (client: pg.Client) => Promise<T>): Promise<T>;
  /** The same database for one who wants connections of his own. */
  readonly adminUrl: string;
  breaks(rule: Rule, what: string, ids?: string[]): void;
  start(node: ClusterNode): Promise<void>;
  kill(node: ClusterNode): Promise<void>;
  /** Runs a fault. Attempts from a little before it to a lease after it are in doubt. */
  doubt<T>(fault: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

// An outcome waits for its batch before a fault; after it, for connections to be made again and another node to take over.
const DOUBT_BEFORE_MS = 3_000;
const DOUBT_AFTER_MS = LEASE_MS + 4_000;

export async function createWorld(seed: string): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), "posthorn-cluster-"));
  const ledger = createLedger();
  const random = seededRandom(seed);
  const postgres = await startPostgres({ settings: { max_connections: String(SERVER_CONNECTIONS_MAX) } });
  const receiver = await startClusterReceiver(ledger, seed);
  const nodes = await Promise.all(Array.from({ length: NODES }, (_, index) => createNode(index, postgres, random)));
  const world = joined({ seed, directory, postgres, receiver, nodes, ledger });
  try {
    await makeDatabase(postgres.url);
    // All at once, as a machine's supervisor does it: they agree on who makes the tables and the first key.
    await Promise.all(nodes.map((node) => world.start(node)));
    return world;
  } catch (error) {
    await world.close();
    throw error;
  }
}

async function createNode(index: number, postgres: PostgresServer, random: SeededRandom): Promise<ClusterNode> {
  const proxy = await startToxicProxy({ port: postgres.port }, { random: random.derive(`proxy ${index}`) });
  const node: ClusterNode = { name: `node-${index + 1}`, proxy, program: null, calls: createCaller(() => node.program?.url, API_KEY) };
  return node;
}

interface Parts {
  seed: string;
  directory: string;
  postgres: PostgresServer;
  receiver: Receiver;
  nodes: ClusterNode[];
  ledger: Ledger;
}

function joined({ seed, directory, postgres, receiver, nodes, ledger }: Parts): World {
  const adminUrl = inDatabase(postgres.url);
  const broken: Violation[] = [];
  const killAll = () => nodes.forEach(({ program }) => program?.killNow());
  // Whatever ends this process, no node goes on without it.
  process.once("exit", killAll);

  async function start(node: ClusterNode): Promise<void> {
    node.program = await startProgram(join(directory, node.name), {
      POSTHORN_DATABASE_URL: node.proxy.through(roleUrl(postgres.url)),
      POSTHORN_DATABASE_POOL_MAX: String(POOL_MAX),
      POSTHORN_SECRET_KEY: SECRET_KEY,
      POSTHORN_API_KEY: API_KEY,
      POSTHORN_NODE_NAME: node.name,
    });
    const { program } = node;
    void program.exited.then((code) => {
      if (node.program !== program) return;
      node.program = null;
      breaks("I7", `${node.name} ended by itself with ${code}: ${program.stderr().slice(-LOG_CHARS_SHOWN)}`);
    });
  }

  function breaks(rule: Rule, what: string, ids: string[] = []): void {
    broken.push({ rule, what, ids });
  }

  const world: World = {
    seed,
    nodes,
    postgres,
    receiver,
    ledger,
    broken,
    outage: 0,
    adminUrl,
    admin: (work) => asAdmin(adminUrl, work),
    breaks,
    start,
    async kill(node) {
      const { program } = node;
      node.program = null;
      await program?.kill();
    },
    async doubt(fault) {
      const doubt = { from: Date.now() - DOUBT_BEFORE_MS, until: Infinity };
      ledger.doubts.push(doubt);
      try {
        return await fault();
      } finally {
        doubt.until = Date.now() + DOUBT_AFTER_MS;
      }
    },
    async close() {
      process.off("exit", killAll);
      await Promise.all(nodes.map((node) => world.kill(node)));
      await Promise.all([...nodes.map(({ proxy }) => proxy.close()), receiver.close(), postgres.stop()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return world;
}

async function makeDatabase(url: string): Promise<void> {
  await asAdmin(url, async (client) => {
    await client.query(`CREATE ROLE ${ROLE} LOGIN PASSWORD '${PASSWORD}'`);
    await client.query("CREATE DATABASE posthorn");
  });
  await asAdmin(inDatabase(url), (client) => client.query(`CREATE SCHEMA posthorn AUTHORIZATION ${ROLE}`));
}

function inDatabase(url: string): string {
  return new URL("/posthorn", url).href;
}

function roleUrl(url: string): string {
  const own = new URL(inDatabase(url));
  own.username = ROLE;
  own.password = PASSWORD;
  return own.href;
}

/** Waits until all nodes are joined and hold all shards between them, and answers how long it took. A breach of I7 when it does not come. */
export async function recover(world: World, after: string): Promise<number> {
  const begun = Date.now();
  const failed = await Promise.all(world.nodes.map((node) => whenReady(world, node)));
  const shared = await until(RECOVERY_MS_MAX - (Date.now() - begun), async () => (await shardsHeld(world)) === 64);
  const missing = [...failed.flat(), ...(shared ? [] : ["64 shards in the hands of nodes that live"])];
  if (missing.length > 0) world.breaks("I7", `not within ${RECOVERY_MS_MAX} ms after ${after}: ${missing.join(", ")}`);
  return Date.now() - begun;
}

async function whenReady(world: World, node: ClusterNode): Promise<string[]> {
  if (node.program === null) await world.start(node);
  const isReady = await until(RECOVERY_MS_MAX, async () => (await node.calls.get("/readyz"))?.status === 200);
  return isReady ? [] : [`/readyz of ${node.name}`];
}

interface NodeRow {
  id: string;
  here: boolean;
  shards: number;
}

/** Of each node that runs now, how many shards it holds: one that was killed is on the list for a while, with its shards. */
async function shardsOf(nodes: readonly ClusterNode[]): Promise<number[]> {
  const lists = await Promise.all(nodes.map((node) => node.calls.get<{ data: NodeRow[] }>("/v1/nodes")));
  const known = lists.find((list) => list?.status === 200)?.body.data ?? [];
  const living = lists.map((list) => list?.body?.data?.find(({ here }) => here)?.id);
  return living.map((living) => known.find(({ id }) => id === living)?.shards ?? 0);
}

export async function shardsHeld({ nodes }: World, except: readonly ClusterNode[] = []): Promise<number> {
  const held = await shardsOf(nodes.filter((node) => !except.includes(node)));
  return held.reduce((sum, shards) => sum + shards, 0);
}

/** Waits until every node has its part of the work: the absence of one that has none would show nothing. */
export async function sharedOut(world: World): Promise<void> {
  const isEven = await until(RECOVERY_MS_MAX, async () => (await shardsOf(world.nodes)).every((shards) => shards >= SHARDS_EACH_MIN));
  if (!isEven)
    world.breaks("I7", `the shards were not shared out within ${RECOVERY_MS_MAX} ms: ${(await shardsOf(world.nodes)).join(", ")}`);
}
