// The whole flow on a test clock and a real store: sources in, scripted or real receivers out, and a process that can crash.
import type { Attempt, Delivery } from "../../src/core/delivery.ts";
import type { Destination } from "../../src/core/destination.ts";
import type { Event, RawRequest } from "../../src/core/event.ts";
import { createIdSource, type IdSource, newId } from "../../src/core/id.ts";
import { type Job, type JobTask, newJob, type ReplayFilter } from "../../src/core/job.ts";
import { ROLES } from "../../src/core/role.ts";
import { defaultRetryPolicy } from "../../src/core/retry-schedule.ts";
import type { Source } from "../../src/core/source.ts";
import type { Subscription } from "../../src/core/subscription.ts";
import type { AcceptAnswer } from "../../src/flow/accept.ts";
import { type Catalog, createCatalog, type SaveOutcome, withState } from "../../src/flow/catalog.ts";
import type { PublishDraft } from "../../src/flow/flow.ts";
import { createFlow, type FlowOptions, type RunningFlow } from "../../src/flow/run.ts";
import { createLogger } from "../../src/log.ts";
import { checkHeaders } from "../../src/outbound/header-policy.ts";
import type { Transport } from "../../src/outbound/transport.ts";
import { createSealer } from "../../src/store/sealer.ts";
import type { DeliveryQuery, Store } from "../../src/store/store.ts";
import { createTestClock, type Lifetime, type TestClock } from "./clock.ts";
import { counted, mortal } from "./mortal-transport.ts";
import { type SeededRandom, seededRandom } from "./random.ts";
import { createScriptedTransport, isSending, type Respond, type ScriptedTransport } from "./scripted-transport.ts";
import { allPages, openTestStore, type TestStore, watchStore, type WatchedStore } from "./store.ts";

export interface TestFlowOptions extends Partial<Pick<FlowOptions, "retentionDays" | "retentionBytesMax">> {
  inFlightMax?: number;
  /** As many as there are slots unless told otherwise. */
  perHostMax?: number;
  seed?: number | string;
  startMs?: number;
  /** Scripted receivers; every request is answered with 200 when left out. */
  respond?: Respond;
  /** A real transport in place of the scripted one. */
  transport?: Transport;
  requestsKeptMax?: number;
  /** False leaves the flow standing, so that events gather. */
  start?: boolean;
}

export interface TestFlow {
  readonly clock: TestClock;
  readonly random: SeededRandom;
  readonly ids: IdSource;
  /** For looking: not watched, so a crash does not reach it. */
  readonly store: Store;
  readonly watched: WatchedStore;
  readonly catalog: Catalog;
  readonly running: RunningFlow;
  readonly transport: ScriptedTransport;
  /** Warnings and errors that were logged, as text. */
  readonly logged: string[];
  readonly directory: string;
  addSource(changes?: Partial<Source>): Promise<Source>;
  addDestination(changes?: Partial<Destination>): Promise<Destination>;
  addSubscription(destination: Destination, changes?: Partial<Subscription>): Promise<Subscription>;
  /** A destination with one subscription to everything. */
  addReceiver(changes?: Partial<Destination>, subscription?: Partial<Subscription>): Promise<Destination>;
  publish(changes?: Partial<Omit<PublishDraft, "body">> & { body?: string | Uint8Array }): Promise<Event>;
  post(source: Source, changes?: Partial<Omit<RawRequest, "body">> & { body?: string | Uint8Array }): Promise<AcceptAnswer>;
  changeDestination(id: string, change: (destination: Destination) => Destination): Promise<void>;
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  removeDestination(id: string): Promise<void>;
  retry(...deliveryIds: string[]): Promise<Delivery[]>;
  cancel(...deliveryIds: string[]): Promise<Delivery[]>;
  job(task: JobTask, ratePerSecond?: number | null): Promise<Job>;
  replay(filter: ReplayFilter, ratePerSecond?: number | null): Promise<Job>;
  deliveries(query?: Partial<DeliveryQuery>): Promise<Delivery[]>;
  /** The only delivery of an event. */
  deliveryOf(event: { id: string }): Promise<Delivery>;
  attempts(deliveryId: string): Promise<Attempt[]>;
  /** Advances until no delivery is due and nothing is under way; waiting for a later time or parked counts as rest. */
  rest(limitMs?: number): Promise<void>;
  /** `crash` gives up everything in memory; otherwise the flow stops first, as on SIGTERM. */
  restart(how: "crash" | "stop"): Promise<void>;
  stop(graceMs?: number): Promise<void>;
  dispose(): Promise<void>;
}

interface Life extends Doors {
  lifetime: Lifetime;
}

/** What a test reaches a running flow by. */
export interface Doors {
  watched: WatchedStore;
  catalog: Catalog;
  running: RunningFlow;
}

export async function createTestFlow(options: TestFlowOptions = {}): Promise<TestFlow> {
  const random = seededRandom(options.seed ?? 1);
  const clock = createTestClock(options.startMs);
  const disk = await openTestStore({ clock, random: random.derive("store"), requestsKeptMax: options.requestsKeptMax });
  const ids = createIdSource(clock, random.derive("ids"));
  const scripted = createScriptedTransport(clock, options.respond);
  clock.watch(isSending(scripted));
  const transport = options.transport === undefined ? scripted : counted(options.transport, clock);
  const logged: string[] = [];
  const { inFlightMax = 64 } = options;
  let life = await begin();

  async function begin(): Promise<Life> {
    const lifetime = clock.lifetime();
    const watched = watchStore(disk.store);
    clock.watch(watched.isBusy);
    const sealer = createSealer(new Uint8Array(32).fill(7), random.derive("sealer"));
    const checkUrl = transport.checkUrl;
    const catalog = await createCatalog({ store: watched.store, sealer, clock: lifetime.clock, ids, checkUrl, checkHeaders });
    const running = createFlow({
      store: watched.store,
      catalog,
      transport: mortal(transport, watched),
      clock: lifetime.clock,
      random: random.derive("flow"),
      log: createLogger({ level: "warn", format: "json", write: (line) => void logged.push(line) }),
      slots: { inFlightMax, perHostMax: options.perHostMax ?? inFlightMax, tenantSharePercent: 25 },
      ingestBodyBytesMax: 10 * 1024 ** 2,
      retentionDays: options.retentionDays ?? 30,
      retentionBytesMax: options.retentionBytesMax ?? 0,
      cluster: null,
      node: { name: "test", version: "0.0.0", roles: ROLES },
    });
    if (options.start !== false) await running.start();
    await clock.settle();
    return { lifetime, watched, catalog, running };
  }

  async function stop(graceMs = 1000): Promise<void> {
    let stopped = false;
    void life.running.stop(graceMs).then(() => (stopped = true));
    await clock.advanceUntil(() => stopped || life.watched.isDead, { stepMs: 5, limitMs: 120_000, what: "the end of stop" });
    life.lifetime.end();
  }

  const here = () => life;
  return {
    clock,
    random,
    ids,
    logged,
    get store() {
      return disk.store;
    },
    get watched() {
      return life.watched;
    },
    get catalog() {
      return life.catalog;
    },
    get running() {
      return life.running;
    },
    transport: scripted,
    directory: disk.directory,
    ...createConfiguring(here, clock, ids),
    ...createActing(here, clock, ids),
    ...createLooking(disk, here, clock),
    stop,
    async restart(how) {
      if (how === "stop") await stop();
      life.watched.die();
      life.lifetime.end();
      await disk.reopen();
      life = await begin();
    },
    async dispose() {
      life.watched.die();
      life.lifetime.end();
      await disk.dispose();
    },
  };
}

export function createConfiguring(life: () => Doors, clock: TestClock, ids: IdSource) {
  async function addSource(changes: Partial<Source> = {}): Promise<Source> {
    return saved(life().catalog.saveSource({ ...sourceOf(newId(ids, "src"), clock.now()), ...changes }));
  }
  async function addDestination(changes: Partial<Destination> = {}): Promise<Destination> {
    const destination = await saved(life().catalog.saveDestination({ ...destinationOf(newId(ids, "dst"), clock.now()), ...changes }));
    life().running.flow.destinationChanged(destination.id);
    return destination;
  }
  async function addSubscription(destination: Destination, changes: Partial<Subscription> = {}): Promise<Subscription> {
    const subscription = { ...subscriptionOf(newId(ids, "sub"), destination.id, clock.now()), ...changes };
    return saved(life().catalog.saveSubscription(subscription));
  }
  async function changeDestination(id: string, change: (destination: Destination) => Destination): Promise<void> {
    await saved(life().catalog.updateDestination(id, change));
    life().running.flow.destinationChanged(id);
  }
  return {
    addSource,
    addDestination,
    addSubscription,
    async addReceiver(changes: Partial<Destination> = {}, subscription: Partial<Subscription> = {}) {
      const destination = await addDestination(changes);
      await addSubscription(destination, subscription);
      return destination;
    },
    changeDestination,
    pause: (id: string) => changeDestination(id, (current) => withState(current, { kind: "paused", since: clock.now() }, clock.now())),
    resume: (id: string) => changeDestination(id, (current) => withState(current, { kind: "active" }, clock.now())),
    async removeDestination(id: string) {
      const { catalog, running } = life();
      for (const { id: subscriptionId, destinationId } of catalog.subscriptions()) {
        if (destinationId === id) await catalog.remove("subscription", subscriptionId);
      }
      const outcome = await catalog.remove("destination", id);
      if (!outcome.ok) throw new Error(JSON.stringify(outcome));
      running.flow.destinationChanged(id);
    },
  };
}

export function createActing(life: () => Doors, clock: TestClock, ids: IdSource) {
  async function command(kind: "retry" | "cancel", deliveryIds: string[]): Promise<Delivery[]> {
    const { watched, running } = life();
    const outcome = await watched.store.commandDeliveries(deliveryIds, { kind, at: clock.now() }, null);
    if (outcome.kind !== "done") throw new Error("no idempotency key was given");
    running.flow.deliveriesChanged(outcome.result);
    return outcome.result;
  }
  async function startJob(task: JobTask, ratePerSecond: number | null = null): Promise<Job> {
    const { watched, running } = life();
    const now = clock.now();
    const plan = await running.flow.planJob(task, now);
    const job = newJob(task, { id: newId(ids, "job"), ratePerSecond, plan, now });
    await watched.store.putJob(job, null);
    running.flow.jobChanged(job);
    return job;
  }
  return {
    async publish({ body = '{"hello":"world"}', ...changes }: Parameters<TestFlow["publish"]>[0] = {}) {
      const draft: PublishDraft = {
        type: "test.event",
        tenantId: null,
        key: null,
        channels: [],
        deliverAt: null,
        deliverBefore: null,
        contentType: "application/json",
        remoteAddress: "192.0.2.1",
        idempotency: null,
        ...changes,
        body: Buffer.from(body),
      };
      const outcome = await life().running.flow.publish(draft);
      if (outcome.kind !== "accepted") throw new Error(`a duplicate of ${outcome.of}`);
      return outcome.event;
    },
    async post(source: Source, { body = "{}", ...changes }: Parameters<TestFlow["post"]>[1] = {}): Promise<AcceptAnswer> {
      const { acceptor } = life().running;
      const headers = changes.headers ?? ["Content-Type", "application/json"];
      const head = { method: "POST", pathTail: "", query: "", remoteAddress: "192.0.2.1", ...changes, headers };
      const bytes = Buffer.from(body);
      const contentType = headers[headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === "content-type") + 1];
      const admission = acceptor.admit({ ...head, token: source.token, contentType, contentLength: bytes.byteLength });
      return admission.ok ? acceptor.accept(admission.live, { ...head, body: bytes }) : { kind: "rejected", cause: admission.cause };
    },
    retry: (...deliveryIds: string[]) => command("retry", deliveryIds),
    cancel: (...deliveryIds: string[]) => command("cancel", deliveryIds),
    job: startJob,
    replay: (filter: ReplayFilter, ratePerSecond: number | null = null) => startJob({ kind: "replay", filter }, ratePerSecond),
  };
}

function createLooking(disk: TestStore, life: () => Life, clock: TestClock) {
  const deliveries = (query: Partial<DeliveryQuery> = {}) => allPages(disk.store.deliveries, query);
  return {
    deliveries,
    async deliveryOf(event: { id: string }): Promise<Delivery> {
      const found = await deliveries({ eventId: event.id });
      if (found.length !== 1) throw new Error(`${event.id} has ${found.length} deliveries, not one`);
      return found[0]!;
    },
    attempts: async (deliveryId: string) => (await allPages(disk.store.attempts, { deliveryId })).toReversed(),
    async rest(limitMs = 120_000): Promise<void> {
      const resting = async () => {
        const { inFlight, queued, unsettled } = life().running.worker.stats();
        if (inFlight + queued + unsettled > 0) return false;
        if ((await disk.store.undispatched(1)).length > 0) return false;
        // What an open breaker parks waits for a later time, its probe's.
        const isParked = (id: string) => life().running.flow.destinationHealth(id)?.phase === "open";
        const active = (id: string) => (life().catalog.destination(id)?.state.kind ?? "active") === "active" && !isParked(id);
        const waiting = await disk.store.waitingDestinations();
        return !waiting.some(({ destinationId, nextDueAt }) => active(destinationId) && nextDueAt <= clock.now());
      };
      await clock.advanceUntil(resting, { stepMs: 10, limitMs, what: "a flow at rest" });
    },
  };
}

async function saved<T>(saving: Promise<SaveOutcome<T> | { ok: false; problems: null }>): Promise<T> {
  const outcome = await saving;
  if (!outcome.ok || outcome.value === null) throw new Error(`not saved: ${JSON.stringify(outcome)}`);
  return outcome.value;
}

export function sourceOf(id: string, now: number): Source {
  return {
    id,
    name: "a source",
    enabled: true,
    token: `token-${id}`,
    provider: "none",
    params: {},
    secrets: [],
    publicKey: null,
    toleranceSeconds: null,
    auth: { kind: "none" },
    allowedMethods: ["POST", "PUT", "GET"],
    allowedContentTypes: [],
    allowedIps: [],
    rateLimit: null,
    dedupe: { by: "none" },
    response: { status: 200, headers: {}, body: "" },
    keyFrom: null,
    split: false,
    bodyBytesMax: null,
    retentionDays: null,
    createdAt: now,
    updatedAt: now,
  };
}

function destinationOf(id: string, now: number): Destination {
  return {
    id,
    name: "a receiver",
    type: "http",
    tenantId: null,
    url: `https://${id.replace("_", "-")}.example/hook`,
    method: null,
    forwardPath: false,
    forwardQuery: false,
    forwardHeaders: true,
    headers: {},
    auth: { kind: "none" },
    signature: { kind: "none" },
    tls: null,
    http2: false,
    retry: defaultRetryPolicy(),
    deadlineMs: 20_000,
    connectTimeoutMs: 5_000,
    responseBytesMax: 16_384,
    concurrencyMax: 10,
    adaptiveConcurrency: true,
    rateLimit: null,
    ordering: { kind: "unordered" },
    state: { kind: "active" },
    createdAt: now,
    updatedAt: now,
  };
}

function subscriptionOf(id: string, destinationId: string, now: number): Subscription {
  return {
    id,
    name: null,
    enabled: true,
    sourceId: null,
    tenantId: null,
    eventTypes: [],
    channels: [],
    filter: null,
    delayMs: 0,
    expireAfterMs: null,
    destinationId,
    createdAt: now,
    updatedAt: now,
  };
}
