// vitest's global set-up: one PostgreSQL for all test files of a run, started when the first of them asks for it.
import { randomBytes } from "node:crypto";
import { type AddressInfo, createServer } from "node:net";
import { text } from "node:stream/consumers";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";

/** What a worker is told, as JSON, when it says the token to the port of `postgresBroker`. */
export interface SharedPostgres {
  /** Of a role that may create databases and roles. */
  adminUrl: string;
  /** Before the name of every database of this run. */
  prefix: string;
  /** The role that tests connect as: no superuser, and owner of nothing but its schemas. */
  role: string;
  password: string;
}

export type SharedAnswer = { ok: true; shared: SharedPostgres } | { ok: false; message: string };

declare module "vitest" {
  export interface ProvidedContext {
    postgresBroker: { port: number; token: string };
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // What is answered opens a database: other users of the machine reach the port, and do not know the token.
  const token = randomBytes(16).toString("hex");
  let own: PostgresServer | null = null;
  let shared: Promise<SharedPostgres> | null = null;

  async function begin(): Promise<SharedPostgres> {
    const given = process.env["POSTHORN_TEST_DATABASE_URL"];
    if (given === undefined || given === "") own = await startPostgres();
    const run = `posthorn_test_${randomBytes(4).toString("hex")}`;
    const made = { adminUrl: own?.url ?? given!, prefix: `${run}_`, role: run, password: randomBytes(12).toString("hex") };
    await asAdmin(made.adminUrl, async (admin) => {
      await admin.query(`CREATE ROLE ${made.role} LOGIN PASSWORD '${made.password}'`);
      // Only a member of a role may make schemas for it; a superuser is one of all.
      await admin.query(`GRANT ${made.role} TO CURRENT_USER`);
    });
    return made;
  }

  async function answer(): Promise<SharedAnswer> {
    try {
      return { ok: true, shared: await (shared ??= begin()) };
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
  }

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    void text(socket)
      .then(async (said) => socket.end(said === token ? JSON.stringify(await answer()) : ""))
      .catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  project.provide("postgresBroker", { port: (server.address() as AddressInfo).port, token });

  return async () => {
    await new Promise((resolve) => {
      server.close(resolve);
    });
    const begun = await shared?.catch(() => null);
    // A server of our own takes everything with it. Somebody else's is left as it was found.
    if (own !== null) await own.stop();
    else if (begun) await asAdmin(begun.adminUrl, (admin) => removeAll(admin, begun));
  };
}

async function removeAll(admin: pg.Client, { prefix, role }: SharedPostgres): Promise<void> {
  const { rows } = await admin.query<{ datname: string }>("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", [prefix]);
  for (const { datname } of rows) await admin.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
  await admin.query(`DROP ROLE IF EXISTS ${role}`);
}

export async function asAdmin<T>(url: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
