// Posthorn's side of the delivery bench: from committed events to committed attempts, the whole flow in one process.
import { ROLES } from "../src/core/role.ts";
import { createCatalog } from "../src/flow/catalog.ts";
import { createFlow } from "../src/flow/run.ts";
import { createLogger } from "../src/log.ts";
import { createAddressGuard } from "../src/outbound/address-guard.ts";
import { checkHeaders } from "../src/outbound/header-policy.ts";
import { createHttpTransport } from "../src/outbound/http.ts";
import { createSealer } from "../src/store/sealer.ts";
import { systemClock as clock, sleep } from "../src/system/clock.ts";
import { systemRandom as random } from "../src/system/random.ts";
import { VERSION } from "../src/version.ts";
import { openBenchStore } from "./delivery-store.ts";
import { benchDestination, benchSubscription } from "./fixtures.ts";

export interface DeliveryPlan {
  url: string;
  requests: number;
  connections: number;
  bodyBytes: number;
  /** URL of a PostgreSQL; null for SQLite. */
  database: string | null;
}

const plan = JSON.parse(process.argv[2] ?? "{}") as DeliveryPlan;
const { store, cluster, ids, dispose } = await openBenchStore(plan.database);
const guard = createAddressGuard({ allow: ["loopback"], allowPlainHttp: true });
const transport = createHttpTransport({ guard, clock, connectionsPerOrigin: plan.connections });
const catalog = await createCatalog({
  store,
  sealer: createSealer(new Uint8Array(32), random),
  clock,
  ids,
  checkUrl: (url) => guard.checkUrl(url),
  checkHeaders,
});
const destination = benchDestination(plan.url, plan.connections);
const saved = [await catalog.saveDestination(destination), await catalog.saveSubscription(benchSubscription(destination.id))];
if (saved.some((outcome) => !outcome.ok)) throw new Error(JSON.stringify(saved));
const { flow, worker, start, stop } = createFlow({
  store,
  catalog,
  transport,
  clock,
  random,
  log: createLogger({ level: "warn", format: "json" }),
  slots: { inFlightMax: plan.connections, perHostMax: plan.connections, tenantSharePercent: 100 },
  ingestBodyBytesMax: 1e7,
  retentionDays: 30,
  retentionBytesMax: 0,
  cluster,
  node: { name: "bench", version: VERSION, roles: ROLES },
});

const body = Buffer.alloc(plan.bodyBytes, "x");
const drafts = Array.from({ length: plan.requests }, () => ({
  type: "bench.event",
  tenantId: null,
  key: null,
  channels: [],
  deliverAt: null,
  deliverBefore: null,
  contentType: "application/json",
  body,
  remoteAddress: "127.0.0.1",
  idempotency: null,
}));
const outcomes = await Promise.all(drafts.map((draft) => flow.publish(draft)));
if (outcomes.some((outcome) => outcome.kind !== "accepted")) throw new Error("The events could not be committed.");

const cpuBefore = process.cpuUsage();
const started = performance.now();
await start();
for (;;) {
  await sleep(clock, 5);
  const { inFlight, queued, unsettled } = worker.stats();
  if (inFlight + queued + unsettled > 0 || (await store.undispatched(1)).length > 0) continue;
  if ((await store.waitingDestinations()).length === 0) break;
}
const seconds = (performance.now() - started) / 1000;
const cpu = process.cpuUsage(cpuBefore);
const delivered = await countDelivered();
await stop(1000);
await transport.close();
await dispose();
process.stdout.write(
  JSON.stringify({
    seconds,
    perSecond: plan.requests / seconds,
    delivered,
    cpuMicrosPerDelivery: (cpu.user + cpu.system) / plan.requests,
    rssMiB: Math.round(process.memoryUsage().rss / 1024 ** 2),
  }),
);
process.exit(0);

async function countDelivered(): Promise<number> {
  let count = 0;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof store.deliveries>> = await store.deliveries({
      limit: 5000,
      cursor,
      since: null,
      until: null,
      state: "delivered",
    });
    count += page.data.length;
    cursor = page.nextCursor;
  } while (cursor !== null);
  return count;
}
