// The PostgreSQL server that tests run on, a schema of their own each, and a look behind the store's back.
import { randomBytes } from "node:crypto";
import pg from "pg";
import type { StoreLog } from "../../src/store/postgres/pool.ts";

export const QUIET: StoreLog = { warn: () => undefined };

export function serverUrl(): string {
  const url = process.env["POSTHORN_TEST_DATABASE_URL"];
  if (url === undefined) throw new Error("Set POSTHORN_TEST_DATABASE_URL to a PostgreSQL database in which tests may make schemas.");
  return url;
}

export function newSchema(): string {
  return `posthorn_test_${randomBytes(6).toString("hex")}`;
}

export async function dropSchema(schema: string): Promise<void> {
  await onServer((client) => client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`));
}

/** Runs `work` on a connection of its own that sees the schema's tables. */
export async function onServer<T>(work: (client: pg.Client) => Promise<T>, schema = "public"): Promise<T> {
  const client = new pg.Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    await client.query(`SET search_path = "${schema}"`);
    return await work(client);
  } finally {
    await client.end();
  }
}
