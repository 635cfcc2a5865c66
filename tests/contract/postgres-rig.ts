// Nodes on PostgreSQL schemas that go with the file's database, directly and through a proxy whose faults are switched.
import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, afterEach, beforeAll } from "vitest";
import type { Event } from "../../src/core/event.ts";
import { openPostgresStore, type PostgresOptions, type PostgresStore } from "../../src/store/postgres/index.ts";
import type { StoreLog } from "../../src/store/postgres/pool.ts";
import type { Store } from "../../src/store/store.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemRandom } from "../../src/system/random.ts";
import { openTestDatabase, type TestDatabase } from "../kit/postgres.ts";
import { asAdmin } from "../kit/postgres-shared.ts";
import { draft } from "../kit/store.ts";
import { startToxicProxy, type ToxicProxy } from "../kit/toxic-proxy.ts";

const QUIET: StoreLog = { warn: () => undefined };

/** What every node of a test is opened with. */
export const NODE_DEFAULTS = {
  clock: systemClock,
  random: systemRandom,
  requestsKeptMax: 100,
  poolMax: 4,
  dispatches: true,
  log: QUIET,
  onFatal(error: Error) {
    throw error;
  },
};

export interface PostgresRig {
  /** Of a role that is no superuser. */
  url(): string;
  /** A schema of its own, which the first node on it makes; or one that was given back. */
  place(): string;
  /** Empties a schema that no node is on any more, for the next test: half a second less than making another. */
  giveBack(schema: string): Promise<void>;
  /** Another node on that schema. */
  open(schema: string, changes?: Partial<PostgresOptions>): Promise<PostgresStore>;
  proxied(schema: string): Promise<{ proxy: ToxicProxy; store: Store }>;
  /** With the URL of the server behind it. */
  proxy(): Promise<{ proxy: ToxicProxy; url: string }>;
  /** Runs `work` on a connection of its own that sees the schema's tables. */
  look<T>(work: (client: pg.Client) => Promise<T>, schema?: string): Promise<T>;
}

export interface RigOptions {
  /** Commits that do not wait for the disk: for tests of what is written, and not of whether it outlives the server. */
  relaxed?: boolean;
}

/** A database for the file; nodes and proxies are closed after each of its tests. */
export function postgresRig({ relaxed = false }: RigOptions = {}): PostgresRig {
  let database: TestDatabase;
  const opened: { close(): Promise<void> }[] = [];
  const free: string[] = [];
  beforeAll(async () => {
    database = await openTestDatabase({ schema: null });
    const { name, adminUrl } = database;
    if (relaxed) await asAdmin(adminUrl, async (admin) => void (await admin.query(`ALTER DATABASE ${name} SET synchronous_commit = off`)));
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });
  afterAll(() => database.drop());

  const look: PostgresRig["look"] = async (work, schema = "public") => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query(`SET search_path = "${schema}"`);
      return await work(client);
    } finally {
      await client.end();
    }
  };
  const open: PostgresRig["open"] = async (schema, changes = {}) => {
    const made = await openPostgresStore({ url: database.url, schema, ...NODE_DEFAULTS, ...changes });
    opened.push(made.store);
    return made;
  };
  const proxy: PostgresRig["proxy"] = async () => {
    const started = await startToxicProxy({ port: Number(new URL(database.url).port || 5432), host: new URL(database.url).hostname });
    opened.push(started);
    return { proxy: started, url: started.through(database.url) };
  };
  return {
    url: () => database.url,
    place: () => free.pop() ?? `place_${randomBytes(6).toString("hex")}`,
    async giveBack(schema) {
      await look(async (client) => void (await client.query(await emptying(client))), schema);
      free.push(schema);
    },
    open,
    proxy,
    async proxied(schema) {
      const between = await proxy();
      const { store } = await open(schema, { url: between.url });
      return { proxy: between.proxy, store };
    },
    look,
  };
}

/** Back to how the migrations leave it; the partitions stay. */
async function emptying(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ relname: string }>(
    `SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
     AND relname NOT IN ('migrations', 'leases', 'config_version')`,
  );
  const first = "UPDATE leases SET token = 0, owner = NULL, expires_at = NULL; UPDATE config_version SET version = 0";
  return [first, ...rows.map(({ relname }) => `DELETE FROM ${relname}`)].join("; ");
}

export async function acceptOne(store: Store, changes: Parameters<typeof draft>[1] = {}): Promise<Event> {
  const outcome = await store.accept(draft(systemClock.now(), changes));
  if (outcome.kind !== "accepted") throw new Error(`a duplicate of ${outcome.of}`);
  return outcome.event;
}
