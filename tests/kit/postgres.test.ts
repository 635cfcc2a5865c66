// The PostgreSQL of the tests: who may do what in a database of one's own, templates, and servers that are restarted and left behind.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestDatabase, type Template, type TestDatabase } from "./postgres.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";
import { asAdmin } from "./postgres-shared.ts";

async function ask(url: string, sql: string): Promise<unknown[]> {
  return asAdmin(url, async (client) => {
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: "array" });
    return rows.flat();
  });
}

describe("a database of a test file", () => {
  let fills = 0;
  const template: Template = {
    name: "kit",
    async fill(url) {
      fills += 1;
      await ask(url, "CREATE TABLE posthorn.filled AS SELECT 7 AS value");
    },
  };
  const opened: TestDatabase[] = [];

  async function open(...options: Parameters<typeof openTestDatabase>): Promise<TestDatabase> {
    const database = await openTestDatabase(...options);
    opened.push(database);
    return database;
  }

  afterAll(() => Promise.all(opened.map((database) => database.drop())));

  test("is reached by a role that is nobody, and owns its schema and nothing else", async () => {
    const { url, role } = await open();
    const sql =
      "SELECT rolname::text, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = current_user";
    expect(await ask(url, sql)).toEqual([role, false, false, false, false, false]);
    expect(await ask(url, "SELECT nspname::text FROM pg_namespace WHERE nspowner = current_user::regrole")).toEqual(["posthorn"]);
    await expect(ask(url, "CREATE TABLE public.mine (id int)")).rejects.toThrow("permission denied for schema public");
    await expect(ask(url, "CREATE SCHEMA mine")).rejects.toThrow("permission denied for database");
    await expect(ask(url, "SELECT * FROM pg_authid")).rejects.toThrow("permission denied");
    expect(await ask(url, "CREATE TABLE posthorn.mine (id int)")).toEqual([]);
  });

  test("may be without a schema, which the role then makes itself", async () => {
    const { url } = await open({ schema: null });
    expect(await ask(url, "CREATE SCHEMA posthorn")).toEqual([]);
  });

  test("is on a server that keeps what it commits", async () => {
    const { url } = await open();
    const sql = "SELECT current_setting(name) FROM unnest(ARRAY['fsync', 'synchronous_commit', 'full_page_writes']) AS name";
    expect(await ask(url, sql)).toEqual(["on", "on", "on"]);
  });

  test("is a copy of its template, which is filled once however many ask for it together", async () => {
    const databases = await Promise.all([1, 2, 3].map(() => open({ template })));
    await ask(databases[0]!.url, "UPDATE posthorn.filled SET value = 8");
    expect(await Promise.all(databases.map(({ url }) => ask(url, "SELECT value FROM posthorn.filled")))).toEqual([[8], [7], [7]]);
    expect(fills).toBe(1);
  });

  test("is not made from a template that failed to be filled, and the next one fills it again", async () => {
    let tries = 0;
    const failing: Template = {
      name: "failing",
      async fill(url) {
        tries += 1;
        await ask(url, "CREATE TABLE posthorn.half (id int)");
        if (tries === 1) throw new Error("no schema today");
      },
    };
    await expect(open({ template: failing })).rejects.toThrow("no schema today");
    const { url } = await open({ template: failing });
    expect(await ask(url, "SELECT count(*)::int FROM posthorn.half")).toEqual([0]);
  });

  test("is gone when it is dropped, also under somebody who is connected", async () => {
    const database = await openTestDatabase();
    const client = new pg.Client({ connectionString: database.url });
    const ended = disconnected(client);
    await client.connect();
    await database.drop();
    await ended;
    await expect(ask(database.url, "SELECT 1")).rejects.toThrow("does not exist");
  });
});

describe("a server of one's own", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ settings: { max_connections: "17" } });
  });
  afterAll(() => server.stop());

  test("runs with its settings, and not as root", async () => {
    expect(await ask(server.url, "SHOW max_connections")).toEqual(["17"]);
    const owner = spawn("ps", ["-o", "uid=", "-p", String(server.pid)]);
    const [uid] = (await once(owner.stdout, "data")) as [Buffer];
    expect(Number(uid.toString())).toBeGreaterThan(0);
  });

  test.each(["fast", "immediate"] as const)("keeps what was committed over a restart, %s", async (mode) => {
    await ask(server.url, `CREATE TABLE kept_${mode} AS SELECT 1 AS value`);
    const { url, pid } = server;
    const client = new pg.Client({ connectionString: url });
    const cut = disconnected(client);
    await client.connect();
    await server.restart(mode);
    await cut;
    expect(server.pid).not.toBe(pid);
    expect(server.url).toBe(url);
    expect(await ask(url, `SELECT value FROM kept_${mode}`)).toEqual([1]);
    expect(server.log().includes("automatic recovery in progress")).toBe(mode === "immediate");
  });

  test("is away between a shutdown and a start", async () => {
    await server.shutDown("fast");
    expect(server.pid).toBe(0);
    await expect(ask(server.url, "SELECT 1")).rejects.toThrow("ECONNREFUSED");
    await server.start();
    expect(await ask(server.url, "SELECT 1")).toEqual([1]);
  });

  test("leaves neither processes nor files behind when it is stopped", async () => {
    const other = await startPostgres();
    const { pid } = other;
    await other.stop();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(dirname(other.dataDirectory))).toBe(false);
  });

  test("nor when its starter is killed and says no goodbye, with the server paused", async () => {
    const module = new URL("postgres-server.ts", import.meta.url).href;
    const script = `
      const { startPostgres } = await import(${JSON.stringify(module)});
      const { pid, dataDirectory } = await startPostgres();
      process.kill(pid, "SIGSTOP");
      console.log(JSON.stringify({ pid, dataDirectory }));
      setInterval(() => undefined, 1000);`;
    const starter = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(starter.stdout, "data")) as [Buffer];
    const { pid, dataDirectory } = JSON.parse(line.toString()) as { pid: number; dataDirectory: string };
    expect(isAlive(pid)).toBe(true);
    starter.kill("SIGKILL");
    await expect.poll(() => existsSync(dirname(dataDirectory)), { timeout: 15_000 }).toBe(false);
    expect(isAlive(pid)).toBe(false);
  });

  test("fails with what PostgreSQL says when it can't run so", async () => {
    await expect(startPostgres({ settings: { max_connections: "none" } })).rejects.toThrow('invalid value for parameter "max_connections"');
  });
});

function disconnected(client: pg.Client): Promise<void> {
  // It says so twice: as the server's goodbye, and as the end of the connection.
  client.on("error", () => undefined);
  return new Promise((resolve) => {
    client.once("end", resolve);
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
