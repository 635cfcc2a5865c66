// The composition root: the only file that knows every adapter. What is opened first is closed last.
import { hostname } from "node:os";
import type { Settings } from "./config.ts";
import { createIdSource, type IdSource, newId } from "./core/id.ts";
import { ROLES } from "./core/role.ts";
import type { Source } from "./core/source.ts";
import { ensureDataDirectory, readLocalApiKey, removeServerFile, sealingKey, writeLocalApiKey, writeServerFile } from "./data-directory.ts";
import { type Catalog, createCatalog } from "./flow/catalog.ts";
import { hashApiKey, newApiKeyText, newIngestToken, secretHint } from "./flow/catalog-keys.ts";
import { flowMetrics } from "./flow/metrics.ts";
import { createFlow } from "./flow/run.ts";
import { createIngest } from "./http/ingest.ts";
import { refuseIngest } from "./http/ingest-elsewhere.ts";
import { createHttpServer } from "./http/server.ts";
import { sourceDefaults } from "./http/source-fields.ts";
import type { Logger } from "./log.ts";
import { createAddressGuard } from "./outbound/address-guard.ts";
import { checkHeaders } from "./outbound/header-policy.ts";
import { createHttpTransport } from "./outbound/http.ts";
import type { Cluster } from "./store/cluster.ts";
import { openPostgresStore, SCHEMA_DEFAULT } from "./store/postgres/index.ts";
import { inspectPostgres } from "./store/postgres/inspect.ts";
import { createSealer, UnsealError } from "./store/sealer.ts";
import { openSqliteStore } from "./store/sqlite/index.ts";
import { type Store, StoreUnavailableError } from "./store/store.ts";
import { sleep, systemClock } from "./system/clock.ts";
import { curbHeapGrowth } from "./system/heap.ts";
import { systemRandom } from "./system/random.ts";
import { VERSION } from "./version.ts";

const DEV_SOURCE_NAME = "dev";
const DATABASE_WAIT_MS = 60_000;
const DATABASE_RETRY_MS = 1_000;

export interface AppOptions {
  settings: Settings;
  log: Logger;
  mode: "start" | "dev";
  /** Called when nothing can be committed any more; the caller ends the process. */
  onFatal?: (error: Error) => void;
}

export interface App {
  url: string;
  /** Null when the key was preset and nobody here has to be told. */
  apiKey: string | null;
  apiKeyIsNew: boolean;
  /** The source that `dev` mode keeps for trying things out. */
  devSource: { url: string } | null;
  close(): Promise<void>;
}

export async function startApp(options: AppOptions): Promise<App> {
  curbHeapGrowth();
  const opened: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const end of opened.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await open(options, opened)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open({ settings, log, mode, onFatal }: AppOptions, opened: (() => Promise<void> | void)[]): Promise<Omit<App, "close">> {
  const [clock, random] = [systemClock, systemRandom];
  ensureDataDirectory(settings.dataDir);
  // Before the store: a missing key beside an existing database must stop the start, not make a new key.
  const sealer = createSealer(sealingKey(settings.dataDir, settings.secretKey, random), random);
  const { store, cluster, ids, listsLagMs } = await openStore(settings, log, (error) => {
    log.fatal({ error }, "The store can commit nothing any more. The process ends, so that nothing is acknowledged in vain.");
    onFatal?.(error);
  });
  opened.push(() => store.close());

  const ownPorts: number[] = [];
  const guard = createAddressGuard({
    allow: settings.outboundAllow,
    allowPlainHttp: settings.outboundPlainHttp,
    ownPorts: () => ownPorts,
    publicUrl: settings.publicUrl,
  });
  // Whoever opens the network to tenants finds it in the log, not only in an environment.
  if (settings.outboundAllow.length > 0) log.info({ allow: settings.outboundAllow }, "Deliveries may go to these private addresses.");
  const transport = createHttpTransport({
    guard,
    clock,
    connectionsPerOrigin: settings.attemptsInFlightMax,
    userAgent: `Posthorn/${VERSION}`,
    proxy: settings.outboundProxy,
  });
  opened.push(() => transport.close());
  // Its client is loaded while the store's threads start, when there is nothing else to do: the first delivery finds it ready.
  const loaded = transport.warmUp();

  const catalog = await createCatalog({ store, sealer, clock, ids, checkUrl: (url) => guard.checkUrl(url), checkHeaders }).catch(
    (error: unknown) => {
      throw error instanceof UnsealError ? wrongSecretKey(settings, error) : error;
    },
  );
  const running = createFlow({ store, cluster, catalog, transport, clock, random, log, ...flowSettings(settings) });
  opened.push(() => running.stop(settings.shutdownGraceMs));

  const ingest = createIngest({
    acceptor: running.acceptor,
    trustedProxies: settings.trustedProxies,
    pendingBytesMax: settings.ingestPendingBytesMax,
  });
  const server = createHttpServer({
    api: {
      store,
      catalog,
      flow: running.flow,
      sealer,
      clock,
      ids,
      random,
      log,
      version: VERSION,
      publicUrl: settings.publicUrl,
      destinationConcurrency: settings.destinationConcurrency,
      roles: settings.roles,
      isShared: cluster !== null,
      listsLagMs,
      metrics: () => flowMetrics(running, ingest),
    },
    ingest: settings.roles.includes("ingest") ? ingest.handle : refuseIngest,
    bodyBytesMax: settings.publishBodyBytesMax,
    connectionsMax: settings.connectionsMax,
  });
  opened.push(() => server.close(settings.shutdownGraceMs));

  const key = await firstApiKey(settings, catalog, ids);
  const devSource = mode === "dev" ? await keepDevSource(catalog, ids) : null;
  const { url, port } = await server.listen(settings);
  ownPorts.push(port);
  await Promise.all([running.start(), loaded]);
  writeServerFile(settings.dataDir, { url, pid: process.pid });
  opened.push(() => removeServerFile(settings.dataDir));
  return { url, ...key, devSource: devSource === null ? null : { url: `${settings.publicUrl ?? url}/in/${devSource.token}` } };
}

interface OpenStore {
  store: Store;
  cluster: Cluster | null;
  ids: IdSource;
  /** Null where no replica answers lists. */
  listsLagMs: () => number | null;
}

/** The store of the settings; with a cluster when several nodes may share it. */
async function openStore(settings: Settings, log: Logger, onFatal: (error: Error) => void): Promise<OpenStore> {
  const shared = { clock: systemClock, random: systemRandom, requestsKeptMax: settings.rejectedKeptMax, onFatal };
  const { databaseUrl: url, databaseReadUrl: readUrl, databasePoolMax: poolMax, roles } = settings;
  if (url !== null) {
    if (settings.secretKey === null) {
      log.warn("POSTHORN_SECRET_KEY is not set: secrets are sealed with the key of this data directory, and no other node can read them.");
    }
    return whenReachable(log, async () => {
      await checkDatabase(url, poolMax, log);
      const opened = await openPostgresStore({ ...shared, url, readUrl, poolMax, log, dispatches: roles.includes("worker") });
      return { ...opened, listsLagMs: () => (readUrl === null ? null : opened.listsLagMs()) };
    });
  }
  if (roles.length < ROLES.length) {
    throw new Error(
      "POSTHORN_ROLES leaves something out that only this process could do. Set POSTHORN_DATABASE_URL, or give it all roles.",
    );
  }
  const ids = createIdSource(systemClock, systemRandom);
  return { store: await openSqliteStore({ ...shared, directory: settings.dataDir }), cluster: null, ids, listsLagMs: () => null };
}

/** A database that restarts together with its nodes is away for some seconds: that is no reason to give up. */
async function whenReachable<T>(log: Logger, connect: () => Promise<T>): Promise<T> {
  const until = systemClock.now() + DATABASE_WAIT_MS;
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || systemClock.now() >= until) throw error;
      log.warn({ error: error.message }, "The database can't be reached yet; trying again.");
      await sleep(systemClock, DATABASE_RETRY_MS);
    }
  }
}

/** Says what is wrong with a database, and refuses one that would lose what it is given. */
async function checkDatabase(url: string, poolMax: number, log: Logger): Promise<void> {
  const findings = await inspectPostgres({ url, schema: SCHEMA_DEFAULT, poolMax, clock: systemClock });
  for (const { level, code, message } of findings) {
    if (level === "warning") log.warn({ check: code }, message);
    else if (level === "info") log.info({ check: code }, message);
  }
  const fatal = findings.filter(({ level }) => level === "fatal");
  if (fatal.length > 0) throw new Error(fatal.map(({ message }) => message).join("\n"));
}

function wrongSecretKey(settings: Settings, cause: UnsealError): Error {
  const what = "The secrets in the store were sealed with another key";
  return new Error(
    settings.databaseUrl === null
      ? `${what}. Put the file secret-key of ${settings.dataDir} back, or set POSTHORN_SECRET_KEY to the key it was started with.`
      : `${what}. All nodes of one database need the same: set POSTHORN_SECRET_KEY to the value of the others.`,
    { cause },
  );
}

function flowSettings(settings: Settings) {
  return {
    node: { name: settings.nodeName ?? hostname(), version: VERSION, roles: settings.roles },
    slots: {
      inFlightMax: settings.attemptsInFlightMax,
      perHostMax: settings.attemptsPerHostMax,
      tenantSharePercent: settings.tenantSharePercent,
    },
    ingestBodyBytesMax: settings.ingestBodyBytesMax,
    retentionDays: settings.retentionDays,
    retentionBytesMax: settings.retentionBytesMax,
  };
}

/** The key of the settings, or the data directory's own, made on first start. */
async function firstApiKey(settings: Settings, catalog: Catalog, ids: IdSource): Promise<{ apiKey: string | null; apiKeyIsNew: boolean }> {
  if (settings.apiKey !== null) {
    await catalog.presetApiKey(settings.apiKey);
    return { apiKey: null, apiKeyIsNew: false };
  }
  const kept = readLocalApiKey(settings.dataDir);
  const text = kept ?? newApiKeyText(systemRandom);
  const hash = hashApiKey(text);
  if (catalog.apiKeyByHash(hash) === undefined) {
    const createdAt = systemClock.now();
    const name = "First admin key of this data directory";
    await catalog.saveApiKey({
      id: newId(ids, "key"),
      name,
      scopes: ["admin"],
      hash,
      hint: secretHint(text),
      origin: "created",
      createdAt,
      expiresAt: null,
    });
  }
  if (kept === null) writeLocalApiKey(settings.dataDir, text);
  return { apiKey: text, apiKeyIsNew: kept === null };
}

/** A source that takes anything, so that the first curl works; kept over restarts under the same URL. */
async function keepDevSource(catalog: Catalog, ids: IdSource): Promise<Source> {
  const kept = catalog.sources().find((source) => source.name === DEV_SOURCE_NAME);
  if (kept !== undefined) return kept;
  const now = systemClock.now();
  const source: Source = {
    ...sourceDefaults(),
    id: newId(ids, "src"),
    name: DEV_SOURCE_NAME,
    token: newIngestToken(systemRandom),
    createdAt: now,
    updatedAt: now,
  };
  const saved = await catalog.saveSource(source);
  if (!saved.ok) throw new Error(`The dev source could not be made: ${saved.problems.map((problem) => problem.message).join(" ")}`);
  return source;
}
