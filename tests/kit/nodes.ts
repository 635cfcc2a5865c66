// Several nodes in one process: flows that share a store and a cluster, and that can be killed, stopped and woken one by one.
import type { Delivery } from "../../src/core/delivery.ts";
import { createIdSource, type IdSource } from "../../src/core/id.ts";
import { ROLES } from "../../src/core/role.ts";
import { SHARDS, shardOf } from "../../src/core/shard.ts";
import { createCatalog } from "../../src/flow/catalog.ts";
import { createFlow } from "../../src/flow/run.ts";
import { createLogger } from "../../src/log.ts";
import { checkHeaders } from "../../src/outbound/header-policy.ts";
import type { Cluster, Role } from "../../src/store/cluster.ts";
import { createSealer } from "../../src/store/sealer.ts";
import type { DeliveryQuery, Store } from "../../src/store/store.ts";
import { createTestClock, type Lifetime, type TestClock } from "./clock.ts";
import { createTestClusters, type TestClusters } from "./cluster.ts";
import { createActing, createConfiguring, type Doors } from "./flow.ts";
import { createGate, type Gate } from "./gate.ts";
import { mortal } from "./mortal-transport.ts";
import { type SeededRandom, seededRandom } from "./random.ts";
import { createScriptedTransport, isSending, type Respond, type ScriptedTransport } from "./scripted-transport.ts";
import { type SharedStore, shareStore } from "./shared-store.ts";
import { allPages, openTestStore, type WatchedStore, watchStore } from "./store.ts";

export interface TestNode extends Doors, ReturnType<typeof createConfiguring>, ReturnType<typeof createActing> {
  readonly id: string;
  readonly gate: Gate;
  /** As after SIGSTOP: nothing moves until `wake`. */
  sleep(): void;
  wake(first?: "timers" | "answers"): Promise<void>;
  /** As after `kill -9`. */
  kill(): void;
  stop(graceMs?: number): Promise<void>;
  /** Shards whose lease is this node's, by the store. */
  shards(): number[];
  owns(id: string): boolean;
}

export interface TestNodes {
  readonly clock: TestClock;
  readonly random: SeededRandom;
  readonly ids: IdSource;
  /** For looking. */
  readonly store: Store;
  readonly shared: SharedStore;
  readonly clusters: TestClusters;
  readonly transport: ScriptedTransport;
  /** Who sent each request, in the order of `transport.sent`. */
  readonly senders: string[];
  /** What was logged from info on, as text. */
  readonly logged: string[];
  begin(id: string, options?: { roles?: readonly Role[]; retentionDays?: number }): Promise<TestNode>;
  deliveries(query?: Partial<DeliveryQuery>): Promise<Delivery[]>;
  /** Advances until every delivery has ended. */
  delivered(limitMs?: number): Promise<void>;
  dispose(): Promise<void>;
}

export async function createTestNodes(
  options: { seed?: string | number; respond?: Respond; inFlightMax?: number } = {},
): Promise<TestNodes> {
  const random = seededRandom(options.seed ?? 1);
  const clock = createTestClock();
  const disk = await openTestStore({ clock, random: random.derive("store") });
  const ids = createIdSource(clock, random.derive("ids"));
  const transport = createScriptedTransport(clock, options.respond);
  clock.watch(isSending(transport));
  const clusters: TestClusters = createTestClusters(clock, () => shared.configVersion);
  const shared = shareStore(
    () => disk.store,
    (shard) => clusters.leases[shard]!.token,
    await disk.store.configVersion(),
  );
  clock.watch(shared.isBusy);
  const [senders, logged]: [string[], string[]] = [[], []];
  const lives: { watched: Doors["watched"]; lifetime: Lifetime }[] = [];
  const { inFlightMax = 64 } = options;

  async function begin(id: string, { roles = ROLES, retentionDays = 30 }: { roles?: readonly Role[]; retentionDays?: number } = {}) {
    const gate = createGate();
    const lifetime = clock.lifetime();
    const watched = watchStore(shared.store);
    clock.watch(watched.isBusy);
    lives.push({ watched, lifetime });
    const nodeClock = gate.clock(lifetime.clock);
    const store = gate.wrap(watched.store);
    const own = random.derive(`${id} ${lives.length}`);
    const sealer = createSealer(new Uint8Array(32).fill(7), own.derive("sealer"));
    const catalog = await createCatalog({ store, sealer, clock: nodeClock, ids, checkUrl: transport.checkUrl, checkHeaders });
    const told = {
      ...mortal(transport, watched),
      exchange: (...args: Parameters<ScriptedTransport["exchange"]>) => {
        if (!watched.isDead) senders.push(id);
        return mortal(transport, watched).exchange(...args);
      },
    };
    const running = createFlow({
      store,
      catalog,
      transport: gate.wrap(told),
      clock: nodeClock,
      random: own.derive("flow"),
      log: createLogger({ level: "info", format: "json", write: (line) => void logged.push(line) }),
      slots: { inFlightMax, perHostMax: inFlightMax, tenantSharePercent: 100 },
      ingestBodyBytesMax: 10 * 1024 ** 2,
      retentionDays,
      retentionBytesMax: 0,
      cluster: gate.wrap(mortalCluster(clusters.join(id), watched)),
      node: { name: id, version: "0.0.0", roles },
    });
    await running.start();
    await clock.settle();
    return nodeOf(id, { watched, catalog, running }, { gate, lifetime });
  }

  function nodeOf(id: string, doors: Doors, { gate, lifetime }: { gate: Gate; lifetime: Lifetime }): TestNode {
    const { watched, running } = doors;
    const shards = () => clusters.leases.flatMap(({ owner }, shard) => (owner === id ? [shard] : []));
    const end = () => {
      watched.die();
      lifetime.end();
    };
    return {
      id,
      gate,
      ...doors,
      ...createConfiguring(() => doors, clock, ids),
      ...createActing(() => doors, clock, ids),
      sleep: gate.close,
      async wake(first) {
        gate.open(first);
        await clock.settle();
      },
      kill: end,
      async stop(graceMs = 1_000) {
        let stopped = false;
        void running.stop(graceMs).then(() => (stopped = true));
        await clock.advanceUntil(() => stopped, { stepMs: 5, limitMs: 60_000, what: `the end of ${id}` });
        end();
      },
      shards,
      owns: (of) => shards().includes(shardOf(of)),
    };
  }

  const deliveries = (query: Partial<DeliveryQuery> = {}) => allPages(disk.store.deliveries, query);
  return {
    clock,
    random,
    ids,
    store: disk.store,
    shared,
    clusters,
    transport,
    senders,
    logged,
    begin,
    deliveries,
    async delivered(limitMs = 60_000) {
      const ended = async () => shared.undispatched === 0 && (await deliveries({ state: "waiting" })).length === 0;
      await clock.advanceUntil(ended, { stepMs: 20, limitMs, what: "the end of all deliveries" });
    },
    async dispose() {
      for (const { watched, lifetime } of lives) {
        watched.die();
        lifetime.end();
      }
      await disk.dispose();
    },
  };
}

/** A process that died neither beats nor tells anything. */
function mortalCluster(cluster: Cluster, life: WatchedStore): Cluster {
  const unlessDead = <T>(call: () => Promise<T>): Promise<T> => (life.isDead ? new Promise<never>(() => undefined) : call());
  return {
    nodeId: cluster.nodeId,
    beat: (request) => unlessDead(() => cluster.beat(request)),
    leave: () => unlessDead(() => cluster.leave()),
    send: (signals) => unlessDead(() => cluster.send(signals)),
    receive: () => unlessDead(() => cluster.receive()),
    nodes: () => unlessDead(() => cluster.nodes()),
  };
}

/** Nodes that share out all the shards evenly. */
export async function beginNodes(t: TestNodes, ...names: string[]): Promise<TestNode[]> {
  const nodes: TestNode[] = [];
  for (const name of names) nodes.push(await t.begin(name));
  const least = Math.floor(SHARDS / names.length) - names.length;
  const even = () =>
    nodes.every((node) => node.shards().length >= least) && nodes.reduce((sum, node) => sum + node.shards().length, 0) === SHARDS;
  await t.clock.advanceUntil(even, { stepMs: 100, limitMs: 30_000, what: "shards that are shared out" });
  return nodes;
}
