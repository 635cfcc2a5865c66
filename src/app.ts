// The composition root: the only file that knows every adapter. What is opened first is closed last.
import type { Settings } from "./config.ts";
import { createIdSource, type IdSource, newId } from "./core/id.ts";
import type { Source } from "./core/source.ts";
import { ensureDataDirectory, readLocalApiKey, removeServerFile, sealingKey, writeLocalApiKey, writeServerFile } from "./data-directory.ts";
import { type Catalog, createCatalog } from "./flow/catalog.ts";
import { hashApiKey, newApiKeyText, newIngestToken, secretHint } from "./flow/catalog-keys.ts";
import { flowMetrics } from "./flow/metrics.ts";
import { createFlow } from "./flow/run.ts";
import { createIngest } from "./http/ingest.ts";
import { createHttpServer } from "./http/server.ts";
import { sourceDefaults } from "./http/source-fields.ts";
import type { Logger } from "./log.ts";
import { createAddressGuard } from "./outbound/address-guard.ts";
import { checkHeaders } from "./outbound/header-policy.ts";
import { createHttpTransport } from "./outbound/http.ts";
import { createSealer } from "./store/sealer.ts";
import { openSqliteStore } from "./store/sqlite/index.ts";
import { systemClock } from "./system/clock.ts";
import { curbHeapGrowth } from "./system/heap.ts";
import { systemRandom } from "./system/random.ts";
import { VERSION } from "./version.ts";

const DEV_SOURCE_NAME = "dev";

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
  const store = await openSqliteStore({
    directory: settings.dataDir,
    clock,
    random,
    requestsKeptMax: settings.rejectedKeptMax,
    onFatal(error) {
      log.fatal({ error }, "The store can commit nothing any more. The process ends, so that nothing is acknowledged in vain.");
      onFatal?.(error);
    },
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

  const ids = createIdSource(clock, random);
  const catalog = await createCatalog({ store, sealer, clock, ids, checkUrl: (url) => guard.checkUrl(url), checkHeaders });
  const running = createFlow({ store, catalog, transport, clock, random, log, ...flowSettings(settings) });
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
      metrics: () => flowMetrics(running, ingest),
    },
    ingest: ingest.handle,
    bodyBytesMax: settings.publishBodyBytesMax,
    connectionsMax: settings.connectionsMax,
  });
  opened.push(() => server.close(settings.shutdownGraceMs));

  const key = await firstApiKey(settings, catalog, ids);
  const devSource = mode === "dev" ? await keepDevSource(catalog, ids) : null;
  const { url, port } = await server.listen(settings);
  ownPorts.push(port);
  await running.start();
  // After the server answers: the first delivery then finds its client loaded, and the start did not wait for it.
  await transport.warmUp();
  writeServerFile(settings.dataDir, { url, pid: process.pid });
  opened.push(() => removeServerFile(settings.dataDir));
  return { url, ...key, devSource: devSource === null ? null : { url: `${settings.publicUrl ?? url}/in/${devSource.token}` } };
}

function flowSettings(settings: Settings) {
  return {
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
