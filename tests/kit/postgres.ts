// A database for a test file on the PostgreSQL of the run, copied from a template that is made once.
import { randomBytes } from "node:crypto";
import { createConnection } from "node:net";
import { text } from "node:stream/consumers";
import type pg from "pg";
import { inject } from "vitest";
import { asAdmin, type SharedAnswer, type SharedPostgres } from "./postgres-shared.ts";

export interface Template {
  /** Letters, digits and `_`; one for each way of filling it. */
  name: string;
  /** Fills it, as the role of the tests; runs once in a whole `npm test`. All its connections must be closed when it resolves. */
  fill(url: string): Promise<void>;
}

export interface TestDatabaseOptions {
  template?: Template;
  /** The schema that the role owns. Null: none, and the role may make its own. `posthorn` when left out. */
  schema?: string | null;
}

export interface TestDatabase {
  /** Of a role that is no superuser, and that owns its schema and nothing else. */
  readonly url: string;
  /** Of a role that may do anything, to the same database: for faults and for looking. */
  readonly adminUrl: string;
  readonly name: string;
  readonly role: string;
  /** Drops it, also under those who are still connected. */
  drop(): Promise<void>;
}

let shared: Promise<SharedPostgres> | null = null;

/** Throws one sentence when there is no PostgreSQL and none can be had: a test file that needs one then fails. */
export async function openTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = await (shared ??= ask());
  const name = `${server.prefix}${randomBytes(6).toString("hex")}`;
  const { adminUrl, role } = server;
  const schema = options.schema === undefined ? "posthorn" : options.schema;
  await asAdmin(adminUrl, async (admin) => {
    const { template } = options;
    if (template === undefined) await create(admin, server, name, schema);
    else await admin.query(`CREATE DATABASE ${name} TEMPLATE ${await filled(admin, server, template, schema)}`);
    // Grants on a database are not copied with it.
    if (schema === null) await admin.query(`GRANT CREATE ON DATABASE ${name} TO ${role}`);
  });
  return {
    url: ownUrl(server, name),
    adminUrl: inDatabase(adminUrl, name),
    name,
    role,
    drop: () => asAdmin(adminUrl, async (admin) => void (await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))),
  };
}

async function ask(): Promise<SharedPostgres> {
  const { port, token } = inject("postgresBroker");
  const socket = createConnection({ host: "127.0.0.1", port });
  socket.end(token);
  const answer = JSON.parse(await text(socket)) as SharedAnswer;
  if (!answer.ok) throw new Error(answer.message);
  return answer.shared;
}

/** An empty database in which the role may use its schema only: what it needs beyond that, it would need on other people's servers. */
async function create(admin: pg.Client, server: SharedPostgres, name: string, schema: string | null): Promise<void> {
  await admin.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
  if (schema === null) await admin.query(`GRANT CREATE ON DATABASE ${name} TO ${server.role}`);
  await asAdmin(inDatabase(server.adminUrl, name), async (inside) => {
    await inside.query("REVOKE ALL ON SCHEMA public FROM PUBLIC");
    if (schema !== null) await inside.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${server.role}`);
  });
}

/** The template's name; makes it first when no other worker has, which the others wait for. */
async function filled(admin: pg.Client, server: SharedPostgres, template: Template, schema: string | null): Promise<string> {
  const name = `${server.prefix}template_${template.name}${schema === null ? "_bare" : `_${schema}`}`;
  await admin.query("SELECT pg_advisory_lock(hashtext($1))", [name]);
  try {
    const { rows } = await admin.query<{ datallowconn: boolean }>("SELECT datallowconn FROM pg_database WHERE datname = $1", [name]);
    if (rows[0]?.datallowconn === false) return name;
    // One that takes connections was left half filled by a worker that failed or died.
    if (rows.length > 0) await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await create(admin, server, name, schema);
    await template.fill(ownUrl(server, name));
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    return name;
  } finally {
    await admin.query("SELECT pg_advisory_unlock(hashtext($1))", [name]);
  }
}

function ownUrl({ adminUrl, role, password }: SharedPostgres, name: string): string {
  const url = new URL(inDatabase(adminUrl, name));
  url.username = role;
  url.password = password;
  return url.href;
}

function inDatabase(adminUrl: string, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}
