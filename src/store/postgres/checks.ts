// What a node looks at before it trusts a PostgreSQL: facts read over its own connections, and what follows from them.
import type { Clock } from "../../system/clock.ts";

/** fatal: Posthorn must not start. warning: it works, and breaks a promise under some fault. info: good to know. */
export type CheckLevel = "fatal" | "warning" | "info";

export interface CheckFinding {
  /** Stable, for tests and alerts. */
  code: string;
  level: CheckLevel;
  /** Sentences: what was found, why it matters, what to do. */
  message: string;
}

/** session: a connection is one of the server's for as long as it is open. transaction, statement: only that long. */
export type PoolerMode = "none" | "session" | "transaction" | "statement";

export interface PostgresFacts {
  /** As in `server_version_num`: 150004 is 15.4. */
  versionNumber: number;
  encoding: string;
  /** A standby, which takes no writes. */
  inRecovery: boolean;
  /** Of new transactions of this role in this database. */
  isReadOnly: boolean;
  /** The next five are null where the server has no such setting. */
  fsync: string | null;
  fullPageWrites: string | null;
  dataChecksums: string | null;
  synchronousCommit: string | null;
  /** Null or "" without synchronous standbys. */
  synchronousStandbys: string | null;
  /** 0 is without limit. */
  idleInTransactionMs: number;
  role: string;
  isSuperuser: boolean;
  schema: string;
  schemaExists: boolean;
  ownsSchema: boolean;
  /** Tables in the schema, or the schema itself where it does not exist. */
  canCreate: boolean;
  maxConnections: number;
  /** Kept for superusers and, since PostgreSQL 16, for a role of monitoring. */
  reservedConnections: number;
  /** What the role and the database may have; null without such a limit. */
  connectionLimit: number | null;
  pooler: PoolerMode;
  /** The database's clock less ours; positive when the database is ahead. */
  clockSkewMs: number;
  /** Half of what the question took: the skew may be so much more or less. */
  clockDoubtMs: number;
}

export interface PoolFacts {
  /** Connections that one node opens at most. */
  poolSize: number;
  /** Nodes that are expected to run. */
  nodes: number;
}

/** The part of `pg.Client` that is needed. */
export interface CheckConnection {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  end(): Promise<void>;
  /** The server process that the greeting named. A pooler greets by itself, with a number that is no process. */
  processID?: number | null;
}

const VERSION_MIN = 140_000;
/** Of a well-kept clock: NTP holds milliseconds. */
const SKEW_WARNING_MS = 1000;
/**
 * First retries come after 5 s and 429 is heeded for at least 60 s: with more than this a node would start them all too
 * early or too late. A machine that wakes up late is corrected within a minute, and a start that fails is tried again.
 */
const SKEW_FATAL_MS = 30_000;
/** A batch of settled deliveries may wait this long for the disk or for a lock. */
const IDLE_IN_TRANSACTION_MS_MIN = 10_000;
/** The quickest answer tells the time best. */
const CLOCK_ROUNDS = 3;
/** One round finds a pooler that nobody else uses. Others may take the connections that a round would have shown. */
const POOLER_ROUNDS = 5;

/** Every finding, the worst first. Empty when all is well. */
export function checkPostgres(facts: PostgresFacts, pool: PoolFacts): CheckFinding[] {
  const order: CheckLevel[] = ["fatal", "warning", "info"];
  const found = [serverFindings, durabilityFindings, accessFindings, poolerFindings].flatMap((check) => check(facts));
  const all = [...found, ...clockFindings(facts), ...connectionFindings(facts, pool)];
  return all.toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}

function serverFindings(facts: PostgresFacts): CheckFinding[] {
  const list: CheckFinding[] = [];
  if (facts.versionNumber < VERSION_MIN) {
    const version = `${Math.floor(facts.versionNumber / 10_000)}.${facts.versionNumber % 10_000}`;
    list.push(fatal("server_version", `The server is PostgreSQL ${version}. Posthorn's statements need 14 or newer. Upgrade the server.`));
  }
  if (facts.encoding !== "UTF8") {
    const why = "Texts of webhooks hold any character and could not all be kept. Create the database with ENCODING 'UTF8'.";
    list.push(fatal("server_encoding", `The database is encoded in ${facts.encoding}, not in UTF8. ${why}`));
  }
  if (facts.inRecovery) {
    const why = "Nothing can be accepted or delivered on one. Point POSTHORN_DATABASE_URL at the primary.";
    list.push(fatal("standby", `The server is a standby, which takes no writes. ${why}`));
  } else if (facts.isReadOnly) {
    const why = "Nothing can be accepted or delivered. Set it off for the database and for the role.";
    list.push(fatal("read_only", `New transactions are read-only, because default_transaction_read_only is on. ${why}`));
  }
  return list;
}

function durabilityFindings(facts: PostgresFacts): CheckFinding[] {
  const list: CheckFinding[] = [];
  if (facts.fsync === "off") {
    const why = "A power cut can destroy the database and everything that was answered with 2xx. Set it on.";
    list.push(warning("fsync", `fsync is off: the server does not wait for its disk. ${why}`));
  }
  if (facts.fullPageWrites === "off") {
    const why = "Pages that were half written in a crash cannot be repaired, unless the file system never tears one. Set it on.";
    list.push(warning("full_page_writes", `full_page_writes is off. ${why}`));
  }
  const hasStandbys = (facts.synchronousStandbys ?? "") !== "";
  if (facts.synchronousCommit === "off") {
    const why = "A crash of the server loses events that were already answered with 2xx. Set it to on for the role or the database.";
    list.push(warning("synchronous_commit", `synchronous_commit is off: COMMIT does not wait for the disk. ${why}`));
  } else if (facts.synchronousCommit === "local" && hasStandbys) {
    const why = "A failover loses events that were already answered with 2xx. Set it to on for the role or the database.";
    list.push(warning("synchronous_commit", `synchronous_commit is local: COMMIT does not wait for the synchronous standbys. ${why}`));
  }
  if (facts.dataChecksums === "off") {
    const why = "Damage by the disk stays unseen until somebody reads it. pg_checksums switches them on while the server is stopped.";
    list.push(info("data_checksums", `Data pages have no checksums. ${why}`));
  }
  return list;
}

function accessFindings(facts: PostgresFacts): CheckFinding[] {
  const list: CheckFinding[] = [];
  const { role, schema } = facts;
  if (facts.isSuperuser) {
    const why = "A leaked URL would give away the whole server. Use a role of its own that owns only its schema.";
    list.push(warning("superuser", `The role ${role} is a superuser. ${why}`));
  }
  if (!facts.canCreate) {
    const [what, grant] = facts.schemaExists
      ? [`create tables in the schema ${schema}`, `ALTER SCHEMA ${schema} OWNER TO ${role}`]
      : [`create the schema ${schema}, which does not exist`, `CREATE SCHEMA ${schema} AUTHORIZATION ${role}`];
    list.push(
      fatal("schema_access", `The role ${role} may not ${what}. Posthorn keeps its tables there. Have an administrator run: ${grant};`),
    );
  } else if (facts.schemaExists && !facts.ownsSchema) {
    const why = "Its owner can rename or drop it under Posthorn.";
    const what = `Have an administrator run: ALTER SCHEMA ${schema} OWNER TO ${role};`;
    list.push(warning("schema_owner", `The schema ${schema} does not belong to the role ${role}. ${why} ${what}`));
  }
  const idleMs = facts.idleInTransactionMs;
  if (idleMs === 0) {
    const why = "What a node that vanished had locked stays locked until TCP notices, which can take hours. One minute is a good value.";
    list.push(info("idle_in_transaction", `idle_in_transaction_session_timeout is not set. ${why}`));
  } else if (idleMs < IDLE_IN_TRANSACTION_MS_MIN) {
    const why = "A node that is busy for so long loses its transaction and does the work again. Set it to a minute.";
    list.push(warning("idle_in_transaction", `idle_in_transaction_session_timeout is ${idleMs} ms. ${why}`));
  }
  return list;
}

function poolerFindings({ pooler }: PostgresFacts): CheckFinding[] {
  switch (pooler) {
    case "none":
    case "session":
      return [];
    case "transaction": {
      const why = "Posthorn works with that, and the limits of connections are the pooler's: see its pool sizes.";
      return [info("pooler", `Connections go through a pooler in transaction mode. ${why}`)];
    }
    case "statement": {
      const why = "Posthorn commits several statements together, and cannot. Set pool_mode to transaction.";
      return [fatal("pooler", `Connections go through a pooler in statement mode. ${why}`)];
    }
  }
}

function clockFindings({ clockSkewMs, clockDoubtMs }: PostgresFacts): CheckFinding[] {
  const sureMs = Math.abs(clockSkewMs) - clockDoubtMs;
  if (sureMs <= SKEW_WARNING_MS) return [];
  const direction = clockSkewMs > 0 ? "ahead of" : "behind";
  const what = `The database's clock is ${(Math.abs(clockSkewMs) / 1000).toFixed(1)} s ${direction} this machine's.`;
  const why = "Retries and signatures would carry wrong times. Let NTP set both clocks.";
  return [{ code: "clock_skew", level: sureMs > SKEW_FATAL_MS ? "fatal" : "warning", message: `${what} ${why}` }];
}

function connectionFindings(facts: PostgresFacts, { poolSize, nodes }: PoolFacts): CheckFinding[] {
  // Behind a pooler the server's limits are met by the pooler.
  if (facts.pooler !== "none") return [];
  const available = Math.min(facts.maxConnections - facts.reservedConnections, facts.connectionLimit ?? Infinity);
  const wanted = poolSize * nodes;
  if (wanted <= available) return [];
  const what = `${nodes} ${nodes === 1 ? "node" : "nodes"} with ${poolSize} connections each may open ${wanted}, and the server gives ${available}`;
  const why =
    "What finds none is answered with 503 and waits. Make the pools smaller, or raise max_connections and the limits of role and database.";
  return [{ code: "max_connections", level: poolSize > available ? "fatal" : "warning", message: `${what}. ${why}` }];
}

function fatal(code: string, message: string): CheckFinding {
  return { code, level: "fatal", message };
}

function warning(code: string, message: string): CheckFinding {
  return { code, level: "warning", message };
}

function info(code: string, message: string): CheckFinding {
  return { code, level: "info", message };
}

export interface FactsOptions {
  /** Connects. Called twice, because one connection cannot tell how a pooler treats two; both are ended here. */
  open: () => Promise<CheckConnection>;
  clock: Clock;
  schema: string;
}

/** Rejects with the error of the server when a question cannot be asked. */
export async function readPostgresFacts({ open, clock, schema }: FactsOptions): Promise<PostgresFacts> {
  const first = await open();
  try {
    const { rows } = await first.query(FACTS_SQL, [schema]);
    const time = await readClock(first, clock);
    const second = await open();
    try {
      const pooler = await readPooler(first, second);
      return { ...factsOf(rows[0]!), schema, ...time, pooler };
    } finally {
      await second.end();
    }
  } finally {
    await first.end();
  }
}

/** `current_setting(…, true)` is null where a server, older or of another make, has no such setting. */
const FACTS_SQL = `
  SELECT current_setting('server_version_num')::int AS version_number,
    current_setting('server_encoding') AS encoding,
    pg_is_in_recovery() AS in_recovery,
    current_setting('default_transaction_read_only')::bool AS is_read_only,
    current_setting('fsync', true) AS fsync,
    current_setting('full_page_writes', true) AS full_page_writes,
    current_setting('data_checksums', true) AS data_checksums,
    current_setting('synchronous_commit', true) AS synchronous_commit,
    current_setting('synchronous_standby_names', true) AS synchronous_standbys,
    coalesce((SELECT setting::float8 FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'), 0) AS idle_in_transaction_ms,
    r.rolname AS role,
    r.rolsuper AS is_superuser,
    n.oid IS NOT NULL AS schema_exists,
    coalesce(pg_has_role(n.nspowner, 'USAGE'), false) AS owns_schema,
    CASE WHEN n.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
      ELSE has_schema_privilege(n.oid, 'CREATE') AND has_schema_privilege(n.oid, 'USAGE') END AS can_create,
    current_setting('max_connections')::int AS max_connections,
    coalesce(current_setting('superuser_reserved_connections', true)::int, 0)
      + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved_connections,
    least(nullif(r.rolconnlimit, -1), nullif(d.datconnlimit, -1)) AS connection_limit
  FROM pg_roles r
  JOIN pg_database d ON d.datname = current_database()
  LEFT JOIN pg_namespace n ON n.nspname = $1
  WHERE r.rolname = current_user`;

function factsOf(row: Record<string, unknown>): Omit<PostgresFacts, "schema" | "pooler" | "clockSkewMs" | "clockDoubtMs"> {
  return {
    versionNumber: row["version_number"] as number,
    encoding: row["encoding"] as string,
    inRecovery: row["in_recovery"] as boolean,
    isReadOnly: row["is_read_only"] as boolean,
    fsync: row["fsync"] as string | null,
    fullPageWrites: row["full_page_writes"] as string | null,
    dataChecksums: row["data_checksums"] as string | null,
    synchronousCommit: row["synchronous_commit"] as string | null,
    synchronousStandbys: row["synchronous_standbys"] as string | null,
    idleInTransactionMs: row["idle_in_transaction_ms"] as number,
    role: row["role"] as string,
    isSuperuser: row["is_superuser"] as boolean,
    schemaExists: row["schema_exists"] as boolean,
    ownsSchema: row["owns_schema"] as boolean,
    canCreate: row["can_create"] as boolean,
    maxConnections: row["max_connections"] as number,
    reservedConnections: row["reserved_connections"] as number,
    connectionLimit: row["connection_limit"] as number | null,
  };
}

async function readClock(connection: CheckConnection, clock: Clock): Promise<Pick<PostgresFacts, "clockSkewMs" | "clockDoubtMs">> {
  let best = { clockSkewMs: 0, clockDoubtMs: Infinity };
  for (let round = 0; round < CLOCK_ROUNDS; round += 1) {
    const asked = clock.now();
    const { rows } = await connection.query("SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now_ms");
    const clockDoubtMs = (clock.now() - asked) / 2;
    if (clockDoubtMs < best.clockDoubtMs) best = { clockSkewMs: (rows[0]!["now_ms"] as number) - (asked + clockDoubtMs), clockDoubtMs };
  }
  return best;
}

/**
 * A pooler answers no question about its mode to those who may only use it, so it is watched: while both connections are
 * open, a server process that serves the one and then the other shows that neither has one to itself.
 */
async function readPooler(first: CheckConnection, second: CheckConnection): Promise<PoolerMode> {
  try {
    await second.query("BEGIN");
    await second.query("COMMIT");
  } catch (error) {
    if (error instanceof Error && error.message.includes("statement pooling")) return "statement";
    throw error;
  }
  const seen = new Set<number>();
  for (let round = 0; round < POOLER_ROUNDS; round += 1) {
    // Twice in a row: a pooler that gives each transaction the next of its connections shows two.
    seen.add(await processOf(first)).add(await processOf(first));
    if (seen.size > 1 || seen.has(await processOf(second))) return "transaction";
  }
  const greeted = first.processID ?? null;
  return greeted === null || seen.has(greeted) ? "none" : "session";
}

async function processOf(connection: CheckConnection): Promise<number> {
  const { rows } = await connection.query("SELECT pg_backend_pid() AS pid");
  return rows[0]!["pid"] as number;
}
