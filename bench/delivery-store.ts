// The store under the delivery bench: SQLite in a directory of its own, or a schema of its own on a PostgreSQL.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { createIdSource, type IdSource } from "../src/core/id.ts";
import type { Cluster } from "../src/store/cluster.ts";
import { openPostgresStore } from "../src/store/postgres/index.ts";
import { openSqliteStore } from "../src/store/sqlite/index.ts";
import type { Store } from "../src/store/store.ts";
import { systemClock as clock } from "../src/system/clock.ts";
import { systemRandom as random } from "../src/system/random.ts";

export interface BenchStore {
  store: Store;
  cluster: Cluster | null;
  ids: IdSource;
  /** Closes it, and removes what was made for it. */
  dispose(): Promise<void>;
}

const POOL_MAX = 10;

function fail(error: Error): never {
  throw error;
}

/** `database` is the URL of a PostgreSQL; null for SQLite. */
export async function openBenchStore(database: string | null): Promise<BenchStore> {
  return database === null ? openOnDisk() : openInSchema(database);
}

async function openOnDisk(): Promise<BenchStore> {
  const directory = mkdtempSync(join(tmpdir(), "posthorn-bench-"));
  const store = await openSqliteStore({ directory, clock, random, requestsKeptMax: 1000, onFatal: fail });
  return {
    store,
    cluster: null,
    ids: createIdSource(clock, random),
    async dispose() {
      await store.close();
      rmSync(directory, { recursive: true });
    },
  };
}

async function openInSchema(url: string): Promise<BenchStore> {
  const schema = `bench_${randomBytes(4).toString("hex")}`;
  const log = { warn: (facts: object, message: string) => console.warn(message, facts) };
  const shared = { url, schema, clock, random, requestsKeptMax: 1000, poolMax: POOL_MAX, dispatches: true };
  const { store, cluster, ids } = await openPostgresStore({ ...shared, log, onFatal: fail });
  return {
    store,
    cluster,
    ids,
    async dispose() {
      await store.close();
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(`DROP SCHEMA ${schema} CASCADE`);
      await client.end();
    },
  };
}
