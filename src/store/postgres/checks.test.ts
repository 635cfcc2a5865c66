// The start-up checks of PostgreSQL: by table what follows from which facts, and on a real server how each comes about.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FakePooler, type FakePoolerMode, startFakePooler } from "../../../tests/kit/fake-pooler.ts";
import { openTestDatabase, type TestDatabase } from "../../../tests/kit/postgres.ts";
import { asAdmin } from "../../../tests/kit/postgres-shared.ts";
import { type PostgresServer, startPostgres } from "../../../tests/kit/postgres-server.ts";
import { systemClock } from "../../system/clock.ts";
import { checkPostgres, type PoolFacts, type PostgresFacts, readPostgresFacts } from "./checks.ts";

const GOOD: PostgresFacts = {
  versionNumber: 150_004,
  encoding: "UTF8",
  inRecovery: false,
  isReadOnly: false,
  fsync: "on",
  fullPageWrites: "on",
  dataChecksums: "on",
  synchronousCommit: "on",
  synchronousStandbys: "",
  idleInTransactionMs: 60_000,
  role: "posthorn",
  isSuperuser: false,
  schema: "posthorn",
  schemaExists: true,
  ownsSchema: true,
  canCreate: true,
  maxConnections: 100,
  reservedConnections: 3,
  connectionLimit: null,
  pooler: "none",
  clockSkewMs: 3,
  clockDoubtMs: 1,
};
const POOL: PoolFacts = { poolSize: 10, nodes: 3 };

function levels(facts: Partial<PostgresFacts>, pool: Partial<PoolFacts> = {}): string[] {
  return checkPostgres({ ...GOOD, ...facts }, { ...POOL, ...pool }).map(({ level, code }) => `${level} ${code}`);
}

describe("what follows from the facts:", () => {
  test.each<[what: string, facts: Partial<PostgresFacts>, expected: string[]]>([
    ["nothing, when all is well", {}, []],
    ["14.0 is new enough", { versionNumber: 140_000 }, []],
    ["13.22 is not", { versionNumber: 130_022 }, ["fatal server_version"]],
    ["another encoding", { encoding: "SQL_ASCII" }, ["fatal server_encoding"]],
    ["a standby, whose transactions are always read-only", { inRecovery: true, isReadOnly: true }, ["fatal standby"]],
    ["read-only transactions", { isReadOnly: true }, ["fatal read_only"]],
    ["fsync", { fsync: "off" }, ["warning fsync"]],
    ["full_page_writes", { fullPageWrites: "off" }, ["warning full_page_writes"]],
    ["checksums", { dataChecksums: "off" }, ["info data_checksums"]],
    ["a commit that does not wait", { synchronousCommit: "off" }, ["warning synchronous_commit"]],
    ["a local commit without standbys is all there is", { synchronousCommit: "local" }, []],
    ["a local commit beside standbys", { synchronousCommit: "local", synchronousStandbys: "ANY 1 (a, b)" }, ["warning synchronous_commit"]],
    ["a standby that has written", { synchronousCommit: "remote_write", synchronousStandbys: "*" }, []],
    [
      "a server of another make, without such settings",
      { fsync: null, fullPageWrites: null, dataChecksums: null, synchronousCommit: null, synchronousStandbys: null },
      [],
    ],
    ["a superuser", { isSuperuser: true }, ["warning superuser"]],
    ["a schema that is not ours", { ownsSchema: false }, ["warning schema_owner"]],
    ["a schema we may not use", { ownsSchema: false, canCreate: false }, ["fatal schema_access"]],
    ["no schema yet", { schemaExists: false, ownsSchema: false }, []],
    ["no schema, and none to be made", { schemaExists: false, ownsSchema: false, canCreate: false }, ["fatal schema_access"]],
    ["no timeout of idle transactions", { idleInTransactionMs: 0 }, ["info idle_in_transaction"]],
    ["a short timeout", { idleInTransactionMs: 9999 }, ["warning idle_in_transaction"]],
    ["a timeout that is long enough", { idleInTransactionMs: 10_000 }, []],
    ["a pooler by session", { pooler: "session" }, []],
    ["a pooler by transaction", { pooler: "transaction" }, ["info pooler"]],
    ["a pooler by statement", { pooler: "statement" }, ["fatal pooler"]],
    ["a clock that is a second off", { clockSkewMs: 1001, clockDoubtMs: 1 }, []],
    ["a clock that is more off", { clockSkewMs: -1002, clockDoubtMs: 1 }, ["warning clock_skew"]],
    ["a clock that may be right, by a slow answer", { clockSkewMs: 5000, clockDoubtMs: 4500 }, []],
    ["a clock that is far behind", { clockSkewMs: -30_002, clockDoubtMs: 1 }, ["fatal clock_skew"]],
    ["a clock that is 30 s ahead", { clockSkewMs: 30_001, clockDoubtMs: 1 }, ["warning clock_skew"]],
    ["as many connections as there are", { maxConnections: 33 }, []],
    ["too many nodes", { maxConnections: 32 }, ["warning max_connections"]],
    ["a node that is too large by itself", { connectionLimit: 9 }, ["fatal max_connections"]],
    ["a role or database with less than the server", { connectionLimit: 29 }, ["warning max_connections"]],
    ["the limits of a pooler, which are its own", { maxConnections: 5, pooler: "session" }, []],
    [
      "the worst comes first",
      { idleInTransactionMs: 0, fsync: "off", encoding: "LATIN1" },
      ["fatal server_encoding", "warning fsync", "info idle_in_transaction"],
    ],
  ])("%s", (_what, facts, expected) => {
    expect(levels(facts)).toEqual(expected);
  });

  test("every finding says in sentences what was found, why it matters and what to do", () => {
    const bad: Partial<PostgresFacts>[] = [
      { versionNumber: 130_022, encoding: "LATIN1", inRecovery: true, fsync: "off", fullPageWrites: "off", dataChecksums: "off" },
      { isReadOnly: true, synchronousCommit: "off", isSuperuser: true, ownsSchema: false, idleInTransactionMs: 0, pooler: "statement" },
      {
        synchronousCommit: "local",
        synchronousStandbys: "*",
        canCreate: false,
        idleInTransactionMs: 5,
        connectionLimit: 2,
        clockSkewMs: 2000,
      },
      { schemaExists: false, canCreate: false, pooler: "transaction", clockSkewMs: -90_000 },
    ];
    const messages = bad.flatMap((facts) => checkPostgres({ ...GOOD, ...facts }, POOL)).map(({ message }) => message);
    expect(messages).toHaveLength(20);
    expect(messages.filter((message) => !/^[A-Za-z\d].+\. [A-Z].+[.;]$/.test(message) || /undefined|NaN|null/.test(message))).toEqual([]);
    expect(messages).toContain("The server is PostgreSQL 13.22. Posthorn's statements need 14 or newer. Upgrade the server.");
    expect(messages).toContain(
      "3 nodes with 10 connections each may open 30, and the server gives 2. What finds none is answered with 503 and waits. " +
        "Make the pools smaller, or raise max_connections and the limits of role and database.",
    );
  });
});

function connect(url: string) {
  return async () => {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };
}

async function found(url: string, options: { skewMs?: number; schema?: string; poolSize?: number } = {}): Promise<string[]> {
  const clock = { ...systemClock, now: () => systemClock.now() + (options.skewMs ?? 0) };
  const facts = await readPostgresFacts({ open: connect(url), clock, schema: options.schema ?? "posthorn" });
  return checkPostgres(facts, { poolSize: options.poolSize ?? 2, nodes: 2 }).map(({ level, code }) => `${level} ${code}`);
}

describe("on a database of our own", () => {
  let database: TestDatabase;
  /** What is always found on a server as PostgreSQL makes one. */
  const USUAL = ["info idle_in_transaction"];

  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.drop());

  async function withSetting(name: string, value: string, work: () => Promise<void>): Promise<void> {
    const alter = (sql: string) =>
      asAdmin(database.adminUrl, async (admin) => {
        // The administrator too is in the database whose setting is to be undone.
        await admin.query("SET default_transaction_read_only = off");
        await admin.query(`ALTER DATABASE ${database.name} ${sql}`);
      });
    await alter(`SET ${name} = '${value}'`);
    try {
      await work();
    } finally {
      await alter(`RESET ${name}`);
    }
  }

  test("all is well for a role that owns its schema", async () => {
    expect(await found(database.url)).toEqual(USUAL);
  });

  test("reads facts of the server itself", async () => {
    const facts = await readPostgresFacts({ open: connect(database.url), clock: systemClock, schema: "posthorn" });
    expect(facts).toMatchObject({
      encoding: "UTF8",
      role: database.role,
      isSuperuser: false,
      schemaExists: true,
      ownsSchema: true,
      pooler: "none",
    });
    expect(facts.versionNumber).toBeGreaterThanOrEqual(140_000);
    expect(facts.reservedConnections).toBeGreaterThanOrEqual(3);
    expect(Math.abs(facts.clockSkewMs)).toBeLessThanOrEqual(facts.clockDoubtMs + 2);
  });

  test.each([
    ["synchronous_commit", "off", "warning synchronous_commit"],
    ["default_transaction_read_only", "on", "fatal read_only"],
    ["idle_in_transaction_session_timeout", "2s", "warning idle_in_transaction"],
  ])("%s = %s", async (name, value, expected) => {
    await withSetting(name, value, async () => {
      expect(await found(database.url)).toContain(expected);
    });
    expect(await found(database.url)).toEqual(USUAL);
  });

  test("a timeout of a minute is fine", async () => {
    await withSetting("idle_in_transaction_session_timeout", "1min", async () => {
      expect(await found(database.url)).toEqual([]);
    });
  });

  test("a superuser", async () => {
    expect(await found(database.adminUrl)).toEqual(["warning superuser", ...USUAL]);
  });

  test("a schema of somebody else: closed, then open to us", async () => {
    await asAdmin(database.adminUrl, async (admin) => {
      await admin.query("CREATE SCHEMA other");
      expect(await found(database.url, { schema: "other" })).toEqual(["fatal schema_access", ...USUAL]);
      await admin.query(`GRANT CREATE ON SCHEMA other TO ${database.role}`);
      expect(await found(database.url, { schema: "other" })).toEqual(["fatal schema_access", ...USUAL]);
      await admin.query(`GRANT USAGE ON SCHEMA other TO ${database.role}`);
      expect(await found(database.url, { schema: "other" })).toEqual(["warning schema_owner", ...USUAL]);
    });
  });

  test("a schema that does not exist: not to be made, then to be made", async () => {
    expect(await found(database.url, { schema: "absent" })).toEqual(["fatal schema_access", ...USUAL]);
    await asAdmin(database.adminUrl, (admin) => admin.query(`GRANT CREATE ON DATABASE ${database.name} TO ${database.role}`));
    expect(await found(database.url, { schema: "absent" })).toEqual(USUAL);
    await asAdmin(database.adminUrl, (admin) => admin.query(`REVOKE CREATE ON DATABASE ${database.name} FROM ${database.role}`));
  });

  test("a limit of the database", async () => {
    await asAdmin(database.adminUrl, (admin) => admin.query(`ALTER DATABASE ${database.name} CONNECTION LIMIT 9`));
    expect(await found(database.url, { poolSize: 5 })).toEqual(["warning max_connections", ...USUAL]);
    expect(await found(database.url, { poolSize: 10 })).toEqual(["fatal max_connections", ...USUAL]);
  });

  test.each([
    [1500, "warning clock_skew"],
    [-1500, "warning clock_skew"],
    [40_000, "fatal clock_skew"],
    [-40_000, "fatal clock_skew"],
  ])("our clock %i ms off", async (skewMs, expected) => {
    expect(await found(database.url, { skewMs })).toEqual([expected, ...USUAL]);
  });

  test.each<[FakePoolerMode, { backends: number; roundRobin?: boolean }, string]>([
    ["session", { backends: 2 }, "session"],
    ["transaction", { backends: 1 }, "transaction"],
    ["transaction", { backends: 3 }, "transaction"],
    ["transaction", { backends: 2, roundRobin: true }, "transaction"],
    ["transaction", { backends: 3, roundRobin: true }, "transaction"],
    ["statement", { backends: 2 }, "statement"],
    ["statement", { backends: 2, roundRobin: true }, "statement"],
  ])("a pooler by %s with %o", async (mode, options, expected) => {
    const pooler: FakePooler = await startFakePooler(database.url, { mode, ...options });
    try {
      const facts = await readPostgresFacts({ open: connect(pooler.url), clock: systemClock, schema: "posthorn" });
      expect(facts.pooler).toBe(expected);
    } finally {
      await pooler.close();
    }
  });
});

describe("on a server of our own", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({
      // The findings are the test: nothing is kept here.
      settings: { fsync: "off", full_page_writes: "off", synchronous_standby_names: "ANY 1 (a, b)", synchronous_commit: "local" },
      checksums: false,
    });
  });
  afterAll(() => server.stop());

  test("an unsafe one is found out", async () => {
    expect(await found(server.url)).toEqual([
      "warning fsync",
      "warning full_page_writes",
      "warning synchronous_commit",
      "warning superuser",
      "info data_checksums",
      "info idle_in_transaction",
    ]);
  });

  test("and so is a database in another encoding", async () => {
    await asAdmin(server.url, (admin) => admin.query("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"));
    expect((await found(server.url.replace(/\/postgres$/, "/latin")))[0]).toBe("fatal server_encoding");
  });

  test("and a standby", async () => {
    await server.shutDown("fast");
    writeFileSync(join(server.dataDirectory, "standby.signal"), "");
    await server.start();
    expect(await found(server.url)).toContain("fatal standby");
  });
});
