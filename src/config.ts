// The one settings table. Reading the environment, `--help`, redaction and docs/configuration.md are derived from it.
import { readFileSync } from "node:fs";
import { ROLES } from "./core/role.ts";
import { closestName } from "./core/closest.ts";
import * as values from "./setting-values.ts";
import { optional, type Row, setting, type Table, type Values } from "./setting-row.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The only place that looks at the process's own environment. */
export function processEnvironment(): Environment {
  return process.env;
}

const { byteCount, wholeNumber } = values;

/** Every setting of the server, in the order the docs show them. */
export const SETTINGS = {
  host: setting("POSTHORN_HOST", "127.0.0.1", values.host, "Address to listen on. Use 0.0.0.0 or :: to be reachable from other machines.", {
    flag: "--host <address>",
  }),
  port: setting(
    "POSTHORN_PORT",
    "4400",
    wholeNumber(0, 65535),
    "Port to listen on, for everything: ingest, API and health. 0 takes a free one.",
    { flag: "--port <number>" },
  ),
  dataDir: setting(
    "POSTHORN_DATA_DIR",
    "./posthorn-data",
    values.text,
    "Directory of the database, the secret key and the local API key. Made on first start.",
    { flag: "--data-dir <path>" },
  ),
  databaseUrl: optional(
    "POSTHORN_DATABASE_URL",
    values.databaseUrl,
    "PostgreSQL that keeps everything, for one node or several that share it. Without it data is kept in POSTHORN_DATA_DIR, by one process.",
    { secret: true },
  ),
  databaseReadUrl: optional(
    "POSTHORN_DATABASE_READ_URL",
    values.databaseUrl,
    "Replica of that PostgreSQL which lists of the API may be read from. The header `posthorn-lists-lag-ms` says how old they may be; one that lags by more than 30 s is not asked. Without it they are read from POSTHORN_DATABASE_URL.",
    { secret: true },
  ),
  databasePoolMax: setting(
    "POSTHORN_DATABASE_POOL_MAX",
    "10",
    wholeNumber(2, 1000),
    "Connections to PostgreSQL that this node opens at most; those of all nodes together must stay below its `max_connections`.",
  ),
  nodeName: optional(
    "POSTHORN_NODE_NAME",
    values.token(1),
    "Name of this node among those that share a PostgreSQL, for people. Without it the machine's host name.",
  ),
  roles: setting(
    "POSTHORN_ROLES",
    ROLES.join(","),
    values.someOf(...ROLES),
    "What this node does: take webhooks, serve the API, dispatch and deliver. Fewer than all need POSTHORN_DATABASE_URL and other nodes for the rest. Health and metrics are served in any case.",
    { flag: "--roles <roles>" },
  ),
  apiKey: optional(
    "POSTHORN_API_KEY",
    values.token(16),
    "First admin API key. Without it one is generated on first start and kept in the data directory.",
    { secret: true },
  ),
  secretKey: optional(
    "POSTHORN_SECRET_KEY",
    values.key32,
    "Key that encrypts secrets at rest. Without it one is generated on first start and kept in the data directory, readable by its owner only. Losing it loses every stored secret. Nodes that share a PostgreSQL need the same one.",
    { secret: true },
  ),
  publicUrl: optional(
    "POSTHORN_PUBLIC_URL",
    values.baseUrl,
    "How the world reaches this server, for the ingest URLs it shows. Without it the listening address is shown.",
  ),
  logLevel: setting(
    "POSTHORN_LOG_LEVEL",
    "info",
    values.oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent"),
    "Least severe level that is logged. `posthorn dev` logs from `warn` unless this is set.",
  ),
  logFormat: setting(
    "POSTHORN_LOG_FORMAT",
    "json",
    values.oneOf("json", "pretty"),
    "One JSON object a line, or lines for people. `posthorn dev` on a terminal is pretty unless this is set.",
  ),
  trustedProxies: setting(
    "POSTHORN_TRUSTED_PROXIES",
    "",
    values.networks,
    "Proxies whose X-Forwarded-For is believed. Empty believes none, and the peer's address counts.",
  ),
  outboundAllow: setting(
    "POSTHORN_OUTBOUND_ALLOW",
    "",
    values.outboundTargets,
    "Private addresses that deliveries may go to; public ones always may. `posthorn dev` adds `loopback`.",
  ),
  outboundPlainHttp: setting(
    "POSTHORN_OUTBOUND_PLAIN_HTTP",
    "false",
    values.boolean,
    "Whether deliveries may use http:// without TLS. `posthorn dev` allows it unless this is set.",
  ),
  outboundProxy: optional(
    "POSTHORN_OUTBOUND_PROXY",
    values.proxyUrl,
    "Forward proxy for every outbound call, through CONNECT. What POSTHORN_OUTBOUND_ALLOW names is called without it. The proxy resolves names, so it has to keep them away from private addresses.",
    { secret: true },
  ),
  ingestBodyBytesMax: setting(
    "POSTHORN_INGEST_BODY_BYTES_MAX",
    "10MiB",
    byteCount(1024, 25 * 1024 ** 2),
    "Largest body of a received webhook; a larger one is answered 413 and never cut.",
  ),
  publishBodyBytesMax: setting(
    "POSTHORN_PUBLISH_BODY_BYTES_MAX",
    "1MiB",
    byteCount(1024, 25 * 1024 ** 2),
    "Largest body of a request to the API.",
  ),
  ingestPendingBytesMax: setting(
    "POSTHORN_INGEST_PENDING_BYTES_MAX",
    "256MiB",
    byteCount(1024 ** 2, 64 * 1024 ** 3),
    "Bodies held in memory until they are committed; above it requests are answered 503 with Retry-After before their body is read.",
  ),
  connectionsMax: setting(
    "POSTHORN_CONNECTIONS_MAX",
    "10000",
    wholeNumber(1, 1_000_000),
    "Open connections to the server; more are dropped.",
  ),
  attemptsInFlightMax: setting(
    "POSTHORN_ATTEMPTS_IN_FLIGHT_MAX",
    "256",
    wholeNumber(1, 65535),
    "Delivery attempts under way at once, over all destinations.",
  ),
  attemptsPerHostMax: setting(
    "POSTHORN_ATTEMPTS_PER_HOST_MAX",
    "50",
    wholeNumber(1, 65535),
    "Delivery attempts under way at once to destinations on one host (scheme, name and port of their URL).",
  ),
  tenantSharePercent: setting(
    "POSTHORN_TENANT_SHARE_PERCENT",
    "25",
    wholeNumber(1, 100),
    "Percent of the attempts under way at once that one tenant may hold while others wait; destinations without a tenant count as one.",
  ),
  destinationConcurrency: setting(
    "POSTHORN_DESTINATION_CONCURRENCY",
    "10",
    wholeNumber(1, 1000),
    "`concurrencyMax` of a destination that is made without one.",
  ),
  retentionDays: setting(
    "POSTHORN_RETENTION_DAYS",
    "30",
    wholeNumber(1, 36500),
    "Days an event and everything about it is kept, unless its source says otherwise.",
  ),
  retentionBytesMax: setting(
    "POSTHORN_RETENTION_BYTES_MAX",
    "10GiB",
    byteCount(0, 1024 ** 5),
    "Stored bytes above which the oldest finished events go early. 0 sets no limit.",
  ),
  rejectedKeptMax: setting(
    "POSTHORN_REJECTED_KEPT_MAX",
    "10000",
    wholeNumber(0, 10_000_000),
    "Rejected requests kept to look up; the oldest go first.",
  ),
  shutdownGraceMs: setting(
    "POSTHORN_SHUTDOWN_GRACE_MS",
    "10000",
    wholeNumber(0, 600_000),
    "Milliseconds that requests and attempts under way get to finish when the server is told to stop.",
  ),
};

/** What the commands that talk to a running server read. */
export const CLIENT_SETTINGS = {
  url: optional(
    "POSTHORN_URL",
    values.baseUrl,
    "Server that commands talk to. Without it the one that runs on POSTHORN_DATA_DIR is found.",
  ),
  apiKey: SETTINGS.apiKey,
  dataDir: SETTINGS.dataDir,
  verifySecret: optional("POSTHORN_VERIFY_SECRET", values.text, "Secret (or public key) that `posthorn verify` checks with.", {
    secret: true,
  }),
};

/** What `posthorn export` and `posthorn import` read. */
export const ARCHIVE_SETTINGS = {
  dataDir: SETTINGS.dataDir,
  databaseUrl: SETTINGS.databaseUrl,
  secretKey: SETTINGS.secretKey,
  passphrase: optional("POSTHORN_ARCHIVE_PASSPHRASE", values.text, "Passphrase that protects the secrets in an archive.", { secret: true }),
  sourceKey: optional(
    "POSTHORN_ARCHIVE_SOURCE_KEY",
    values.key32,
    "Secret key of the store that an archive without a passphrase was made from.",
    { secret: true },
  ),
};

export type Settings = Values<typeof SETTINGS>;
export type ClientSettings = Values<typeof CLIENT_SETTINGS>;
export type ArchiveSettings = Values<typeof ARCHIVE_SETTINGS>;
export type LogLevel = Settings["logLevel"];

/** Thrown with every bad setting at once, so that nobody fixes them one start at a time. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly problems: string[];

  constructor(problems: string[]) {
    super(
      problems.length === 1
        ? `One setting is wrong: ${problems[0]}`
        : `${problems.length} settings are wrong:\n${problems.map((line) => `  ${line}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

export interface LoadOptions {
  /** Replaces the table's defaults where the environment says nothing. */
  defaults?: Partial<Settings>;
  /** Values from command-line flags by setting: they win over the environment. */
  flags?: Partial<Record<keyof Settings, string>>;
}

export interface Loaded<T> {
  settings: T;
  /** Sentences about what looks like a mistake but stops nothing. */
  warnings: string[];
}

/** Reads the server's settings; throws a `SettingsError` that names every bad one. */
export function loadSettings(environment: Environment, options: LoadOptions = {}): Loaded<Settings> {
  const { defaults, flags = {} } = options;
  const flagged: Record<string, string | undefined> = {};
  for (const [key, row] of Object.entries<Row<unknown>>(SETTINGS)) {
    const value = flags[key as keyof Settings];
    if (value !== undefined) flagged[row.env] = value;
  }
  const settings = readTable(SETTINGS, environment, flagged);
  for (const [key, row] of Object.entries<Row<unknown>>(SETTINGS)) {
    const unset = !isSet(environment, row) && flagged[row.env] === undefined;
    if (unset && defaults !== undefined && key in defaults) Object.assign(settings, { [key]: defaults[key as keyof Settings] });
  }
  return { settings, warnings: unknownSettings(environment) };
}

/** Reads only what a client command needs, so that a server's bad setting does not stop a look at its events. */
export function loadClientSettings(environment: Environment): ClientSettings {
  return readTable(CLIENT_SETTINGS, environment, {});
}

export function loadArchiveSettings(environment: Environment): ArchiveSettings {
  return readTable(ARCHIVE_SETTINGS, environment, {});
}

/** Settings as text by environment name, safe to print: secrets only say whether they are set. */
export function redactedSettings(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    Object.entries<Row<unknown>>(SETTINGS).map(([key, row]) => {
      const value: unknown = settings[key as keyof Settings];
      if (value === null) return [row.env, ""];
      return [row.env, row.secret ? "[redacted]" : shown(value)];
    }),
  );
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : Array.isArray(value) ? value.join(", ") : JSON.stringify(value);
}

/** One row of the docs and of `--help`. */
export interface SettingDoc {
  env: string;
  default: string | null;
  kind: string;
  doc: string;
  secret: boolean;
  flag: string | null;
}

export function settingDocs(table: "server" | "client" | "archive"): SettingDoc[] {
  const server = Object.values<Row<unknown>>(SETTINGS);
  const others = Object.values<Row<unknown>>(table === "client" ? CLIENT_SETTINGS : ARCHIVE_SETTINGS);
  // A row that two tables share is described once, with the server's.
  const rows = table === "server" ? server : others.filter((row) => !server.includes(row));
  return rows.map((row) => ({
    env: row.env,
    default: row.default,
    kind: row.reader.kind,
    doc: row.doc,
    secret: row.secret,
    flag: row.flag,
  }));
}

function readTable<T extends Table>(table: T, environment: Environment, flagged: Environment): Values<T> {
  const problems: string[] = [];
  const read: Record<string, unknown> = {};
  for (const [key, row] of Object.entries(table)) {
    const given = givenText(row, environment, flagged);
    if (!given.ok) {
      problems.push(given.problem);
      continue;
    }
    const source = given.value ?? row.default;
    if (source === null) {
      read[key] = null;
      continue;
    }
    const reading = row.reader.read(source);
    if (reading.ok) read[key] = reading.value;
    // A secret's value stays out of the sentence: the sentence goes to a log.
    else problems.push(`${given.name} ${reading.problem}${row.secret ? "" : ` (it is ${JSON.stringify(source)})`}.`);
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return read as Values<T>;
}

type Given = { ok: true; name: string; value: string | null } | { ok: false; problem: string };

/** Flag, variable or the file that `_FILE` names. An empty variable counts as unset, which is how compose files clear one. */
function givenText(row: Row<unknown>, environment: Environment, flagged: Environment): Given {
  const flag = flagged[row.env];
  if (flag !== undefined) return { ok: true, name: row.flag?.split(" ")[0] ?? row.env, value: flag };
  const value = present(environment[row.env]);
  const path = row.secret ? present(environment[`${row.env}_FILE`]) : null;
  if (path === null) return { ok: true, name: row.env, value };
  if (value !== null) return { ok: false, problem: `${row.env} and ${row.env}_FILE are both set; keep one of them.` };
  try {
    // Editors and `echo` end a file with a line break that is no part of the secret.
    const content = readFileSync(path, "utf8").replace(/\r?\n$/, "");
    return content === ""
      ? { ok: false, problem: `${row.env}_FILE names ${JSON.stringify(path)}, which is empty.` }
      : { ok: true, name: row.env, value: content };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "error";
    return { ok: false, problem: `${row.env}_FILE names ${JSON.stringify(path)}, which cannot be read (${code}).` };
  }
}

function isSet(environment: Environment, row: Row<unknown>): boolean {
  return present(environment[row.env]) !== null || (row.secret && present(environment[`${row.env}_FILE`]) !== null);
}

function present(value: string | undefined): string | null {
  return value === undefined || value === "" ? null : value;
}

function unknownSettings(environment: Environment): string[] {
  const rows = [SETTINGS, CLIENT_SETTINGS, ARCHIVE_SETTINGS].flatMap((table) => Object.values<Row<unknown>>(table));
  const known = [...new Set(rows.flatMap((row) => (row.secret ? [row.env, `${row.env}_FILE`] : [row.env])))];
  return Object.keys(environment)
    .filter((name) => name.startsWith("POSTHORN_") && !known.includes(name))
    .toSorted()
    .map((name) => {
      const closest = closestName(name, known);
      return `${name} is no setting of Posthorn and does nothing.${closest === null ? "" : ` Did you mean ${closest}?`}`;
    });
}
