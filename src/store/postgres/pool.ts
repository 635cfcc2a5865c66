// Connections to one PostgreSQL server through `pg`: a bounded pool, a deadline on everything, and conflicts tried again.
import pg from "pg";
import type { Clock } from "../../system/clock.ts";
import { sleep } from "../../system/clock.ts";
import type { Random } from "../../system/random.ts";
import type { Row } from "../rows.ts";
import { StoreUnavailableError } from "../store.ts";
import type { Database, Queries, Statement } from "./connection.ts";
import { isBrokenConnection, isConflict, isForgottenStatement, storeError } from "./faults.ts";
import { createQualifier, quoteName } from "./names.ts";
import { bound, cellParser } from "./values.ts";

// Together they bound what a silent partition can hold up: 10 s.
const CONNECT_MS_MAX = 3_000;
const STATEMENT_MS_MAX = 7_000;
/** The server ends a statement of a transaction a little before we stop waiting for it, so that its locks go too. */
const SERVER_HEADSTART_MS = 500;
const LOCK_WAIT_MS_MAX = 5_000;
const KEEP_ALIVE_DELAY_MS = 10_000;
const IDLE_CONNECTION_MS = 30_000;
// A balancer's or a failover's change is noticed at the latest after this.
const CONNECTION_SECONDS_MAX = 1_800;
const TRIES_MAX = 6;
const RETRY_WAIT_MS = 8;

/** What the adapter has to tell that is nobody's error: the program's logger fits. */
export interface StoreLog {
  warn(facts: object, message: string): void;
}

export interface DatabaseOptions {
  url: string;
  schema: string;
  poolMax: number;
  clock: Clock;
  random: Random;
  log: StoreLog;
}

export interface OpenDatabase extends Database {
  /** Waits for what is under way. */
  close(): Promise<void>;
}

const TYPES = { getTypeParser: (type: number) => cellParser(type) };

export function openDatabase(options: DatabaseOptions): OpenDatabase {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolMax,
    application_name: "posthorn",
    connectionTimeoutMillis: CONNECT_MS_MAX,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    maxLifetimeSeconds: CONNECTION_SECONDS_MAX,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    types: TYPES,
  });
  // A connection that breaks while nobody uses it is replaced when somebody does.
  pool.on("error", () => undefined);
  const session = createSession(options);
  const retried = createRetries(options, session);

  return {
    query: (statement) => retried(() => withLink(pool, (link) => session.run(link, statement, STATEMENT_MS_MAX))),
    transaction: (work, { deadlineMs = STATEMENT_MS_MAX } = {}) =>
      retried(() => withLink(pool, (link) => inTransaction(link, session, deadlineMs, work))),
    close: () => pool.end(),
  };
}

/** A connection in use. */
interface Link {
  client: pg.PoolClient;
  /** Why it is not to be used again; null while it is sound. */
  broken: Error | null;
}

interface Session {
  run(link: Link, statement: Statement, deadlineMs: number): Promise<Row[]>;
  readonly begin: (deadlineMs: number) => string;
  /** From now on nothing is prepared: a pooler on the way does not keep sessions. */
  stopPreparing(): void;
}

function createSession({ schema, log }: DatabaseOptions): Session {
  const qualify = createQualifier(schema);
  let prepares = true;
  return {
    async run(link, { text, name, values = [] }, deadlineMs) {
      const named = name === undefined || !prepares ? {} : { name };
      const { rows } = await send<Row>(link, { text: qualify(text), values: values.map(bound), rowMode: "array", ...named }, deadlineMs);
      return rows;
    },
    // Of the transaction alone, and with it in one message: a pooler in transaction mode hands the session on after it.
    begin: (deadlineMs) =>
      [
        "BEGIN",
        `SET LOCAL search_path = ${quoteName(schema)}`,
        `SET LOCAL statement_timeout = ${deadlineMs - SERVER_HEADSTART_MS}`,
        `SET LOCAL lock_timeout = ${LOCK_WAIT_MS_MAX}`,
        `SET LOCAL idle_in_transaction_session_timeout = ${deadlineMs + SERVER_HEADSTART_MS}`,
      ].join("; "),
    stopPreparing() {
      if (!prepares) return;
      prepares = false;
      log.warn({}, "A pooler between here and PostgreSQL forgets prepared statements: none are used from now on.");
    },
  };
}

async function send<R extends unknown[]>(
  link: Link,
  config: pg.QueryConfig & { rowMode?: "array" },
  deadlineMs: number,
): Promise<pg.QueryArrayResult<R>> {
  try {
    const deadlined = { ...config, query_timeout: deadlineMs };
    return (await link.client.query<R>(deadlined as pg.QueryArrayConfig)) satisfies pg.QueryArrayResult<R>;
  } catch (error) {
    if (isBrokenConnection(error)) link.broken ??= error as Error;
    throw error;
  }
}

/** Another try with a new order of events, after a random pause so that two that met do not meet again. */
function createRetries({ clock, random }: DatabaseOptions, session: Session): <T>(run: () => Promise<T>) => Promise<T> {
  return async (run) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await run();
      } catch (error) {
        if (isForgottenStatement(error) && tries < TRIES_MAX) {
          session.stopPreparing();
          continue;
        }
        if (!isConflict(error) || tries >= TRIES_MAX) throw storeError(error);
        await sleep(clock, RETRY_WAIT_MS * 2 ** tries * (0.5 + random.float()));
      }
    }
  };
}

async function withLink<T>(pool: pg.Pool, work: (link: Link) => Promise<T>): Promise<T> {
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new StoreUnavailableError(`The database gives no connection: ${what}.`, { cause });
  }
  const link: Link = { client, broken: null };
  const onError = (error: Error) => {
    link.broken ??= error;
  };
  client.on("error", onError);
  try {
    return await work(link);
  } finally {
    client.off("error", onError);
    client.release(link.broken ?? undefined);
  }
}

async function inTransaction<T>(link: Link, session: Session, deadlineMs: number, work: (queries: Queries) => Promise<T>): Promise<T> {
  await send(link, { text: session.begin(deadlineMs) }, deadlineMs);
  let result: T;
  try {
    result = await work({ query: (statement) => session.run(link, statement, deadlineMs) });
  } catch (error) {
    // Where the connection is gone the server rolls back by itself; where only the rollback fails, the first error tells more.
    if (link.broken === null) await send(link, { text: "ROLLBACK" }, deadlineMs).catch(() => undefined);
    throw error;
  }
  const { command } = await send(link, { text: "COMMIT" }, deadlineMs);
  // PostgreSQL answers a commit of a failed transaction with a rollback and no error.
  if (command !== "COMMIT") throw new Error("A statement failed inside a transaction and nobody noticed.");
  return result;
}
