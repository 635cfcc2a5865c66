// The contract of the cluster port: leases that nobody holds twice, hints that come once, and nodes that know of each other.
import { afterEach, describe, expect, it } from "vitest";
import { SHARDS } from "../../src/core/shard.ts";
import type { BeatRequest, Cluster, Lease, NodeReport, Role, Signal } from "../../src/store/cluster.ts";

export interface ClusterNode {
  cluster: Cluster;
  /** Whether the store refuses what is settled under this lease. */
  refuses(lease: Lease): Promise<boolean>;
  close(): Promise<void>;
}

export interface ClusterHarness {
  newPlace(): Promise<string>;
  /** Another node on the same store. */
  open(place: string): Promise<ClusterNode>;
  /** Lets time pass on the store's own clock, and on nobody else's. */
  passTime(place: string, ms: number): Promise<void>;
  removePlace(place: string): Promise<void>;
}

interface Rig {
  open(): Promise<ClusterNode>;
  passTime(ms: number): Promise<void>;
}

function report(name: string, roles: Role[] = ["ingest", "api", "worker"]): NodeReport {
  return { name, version: "1.2.3", roles, startedAt: 1_700_000_000_000, inFlight: 3, queued: 4, accepted: 5, attempts: 6 };
}

function request(name: string, changes: Partial<BeatRequest> = {}): BeatRequest {
  return { report: report(name), give: [], takes: true, ...changes };
}

const shardsOf = (leases: readonly Lease[]) => leases.map(({ shard }) => shard).toSorted((a, b) => a - b);
const ALL = Array.from({ length: SHARDS }, (_, shard) => shard);

/** Beats of every node by turns, in which each gives what it has above its share, until nothing changes hands any more. */
async function settleDown(nodes: readonly ClusterNode[]): Promise<Lease[][]> {
  const held: Lease[][] = nodes.map(() => []);
  for (let round = 0; round < 4; round += 1) {
    for (const [index, { cluster }] of nodes.entries()) {
      const name = `node ${index}`;
      const { leases, share } = await cluster.beat(request(name));
      const surplus = leases.slice(share).map(({ shard }) => shard);
      held[index] = surplus.length === 0 ? leases : (await cluster.beat(request(name, { give: surplus }))).leases;
    }
  }
  return held;
}

export function describeCluster(name: string, harness: ClusterHarness): void {
  const opened: { place: string; nodes: ClusterNode[] }[] = [];

  async function rig(): Promise<Rig> {
    const place = await harness.newPlace();
    const entry = { place, nodes: [] as ClusterNode[] };
    opened.push(entry);
    return {
      async open() {
        const node = await harness.open(place);
        entry.nodes.push(node);
        return node;
      },
      passTime: (ms) => harness.passTime(place, ms),
    };
  }

  afterEach(async () => {
    for (const { place, nodes } of opened.splice(0)) {
      for (const node of nodes) await node.close();
      await harness.removePlace(place);
    }
  });

  describe(`the cluster contract on ${name}`, () => {
    describeLeases(rig);
    describeSignals(rig);
    describeNodes(rig);
  });
}

function describeLeases(rig: () => Promise<Rig>): void {
  describe("leases", () => {
    it("a node alone takes every shard with its first beat, and keeps them under the same tokens", async () => {
      const { cluster } = await (await rig()).open();
      const first = await cluster.beat(request("a"));
      expect([shardsOf(first.leases), first.share]).toEqual([ALL, SHARDS]);
      expect(first.ttlMs).toBeLessThanOrEqual(10_000);
      expect((await cluster.beat(request("a"))).leases).toEqual(first.leases);
    });

    it.each([1, 2, 3, 5])("%i nodes come to even shares of all shards, none of them twice", async (count) => {
      const { open } = await rig();
      const nodes: ClusterNode[] = [];
      for (let index = 0; index < count; index += 1) nodes.push(await open());
      const held = await settleDown(nodes);
      expect(shardsOf(held.flat())).toEqual(ALL);
      expect(Math.max(...held.map((leases) => leases.length))).toBe(Math.ceil(SHARDS / count));
    });

    it("a node that joins gets its share as the others give it, and under newer tokens", async () => {
      const { open } = await rig();
      const [a, b] = [await open(), await open()];
      const before = (await a.cluster.beat(request("a"))).leases;
      const joined = await b.cluster.beat(request("b"));
      expect([joined.leases, joined.share]).toEqual([[], SHARDS / 2]);
      const { leases, share } = await a.cluster.beat(request("a"));
      expect([leases, share]).toEqual([before, SHARDS / 2]);
      const give = shardsOf(leases).slice(share);
      expect(shardsOf((await a.cluster.beat(request("a", { give }))).leases)).toEqual(shardsOf(leases).slice(0, share));
      const taken = (await b.cluster.beat(request("b"))).leases;
      expect(shardsOf(taken)).toEqual(give);
      for (const { shard, token } of taken) expect(token).toBeGreaterThan(before.find((lease) => lease.shard === shard)!.token);
    });

    it("a given shard is not taken back by the same beat", async () => {
      const { cluster } = await (await rig()).open();
      await cluster.beat(request("a"));
      expect(shardsOf((await cluster.beat(request("a", { give: [7, 9] }))).leases)).toEqual(
        ALL.filter((shard) => shard !== 7 && shard !== 9),
      );
      expect(shardsOf((await cluster.beat(request("a"))).leases)).toEqual(ALL);
    });

    it("a node that wants none holds none and does not count", async () => {
      const { open } = await rig();
      const [api, worker] = [await open(), await open()];
      const quiet = await api.cluster.beat(request("api", { takes: false }));
      expect([quiet.leases, quiet.share]).toEqual([[], 0]);
      const { leases, share } = await worker.cluster.beat(request("worker"));
      expect([leases.length, share]).toEqual([SHARDS, SHARDS]);
    });

    it("the shards of a node that died are the others' once its leases have run out, and not before", async () => {
      const { open, passTime } = await rig();
      const [dead, alive] = [await open(), await open()];
      const { leases: lost, ttlMs } = await dead.cluster.beat(request("dead"));
      await passTime(ttlMs - 1_000);
      expect((await alive.cluster.beat(request("alive"))).leases).toEqual([]);
      await passTime(1_000);
      const { leases, share } = await alive.cluster.beat(request("alive"));
      expect([shardsOf(leases), share]).toEqual([ALL, SHARDS]);
      for (const { shard, token } of leases) expect(token).toBeGreaterThan(lost.find((lease) => lease.shard === shard)!.token);
    });

    it("a node that slept over its leases goes on under the same tokens when nobody has taken them", async () => {
      const { open, passTime } = await rig();
      const { cluster } = await open();
      const { leases, ttlMs } = await cluster.beat(request("a"));
      await passTime(ttlMs * 3);
      expect((await cluster.beat(request("a"))).leases).toEqual(leases);
    });

    it("what is settled under an older token is refused, under the newest one never", async () => {
      const { open, passTime } = await rig();
      const [paused, other] = [await open(), await open()];
      const { leases: old, ttlMs } = await paused.cluster.beat(request("paused"));
      expect(await paused.refuses(old[5]!)).toBe(false);
      await passTime(ttlMs);
      // Ran out, but still the newest: nobody else can have sent the same.
      expect(await paused.refuses(old[5]!)).toBe(false);
      const { leases: young } = await other.cluster.beat(request("other"));
      expect([await paused.refuses(old[5]!), await other.refuses(young[5]!)]).toEqual([true, false]);
      expect((await paused.cluster.beat(request("paused"))).leases).toEqual([]);
    });

    it("leaving gives everything up at once", async () => {
      const { open } = await rig();
      const [gone, left] = [await open(), await open()];
      await gone.cluster.beat(request("gone"));
      await gone.cluster.leave();
      expect(shardsOf((await left.cluster.beat(request("left"))).leases)).toEqual(ALL);
      expect((await left.cluster.nodes()).map((node) => node.name)).toEqual(["left"]);
    });

    it("nodes that beat at the same moment never hold one shard together", async () => {
      const { open } = await rig();
      const nodes = [await open(), await open(), await open()];
      for (let round = 0; round < 5; round += 1) {
        const answers = await Promise.all(nodes.map(({ cluster }, index) => cluster.beat(request(`node ${index}`))));
        const shards = shardsOf(answers.flatMap(({ leases }) => leases));
        expect(shards).toEqual([...new Set(shards)]);
      }
    });
  });
}

function describeSignals(rig: () => Promise<Rig>): void {
  describe("signals", () => {
    const jobs = (from: number, count: number): Signal[] =>
      Array.from({ length: count }, (_, at) => ({ kind: "job", id: `job_${from + at}` }));

    it("come once to every other node, in order, and not to the one that sent them", async () => {
      const { open } = await rig();
      const [a, b, c] = [await open(), await open(), await open()];
      const sent: Signal[] = [
        { kind: "work", destinationId: "dst_1", class: "retry", dueAt: 1_700_000_000_123 },
        { kind: "deliveries", ids: ["dlv_1", "dlv_2"] },
        { kind: "accepted", shards: [0, 63] },
        { kind: "config", version: 7 },
        { kind: "job", id: "job_1" },
      ];
      await a.cluster.send(sent.slice(0, 3));
      await a.cluster.send(sent.slice(3));
      expect([await b.cluster.receive(), await c.cluster.receive()]).toEqual([sent, sent]);
      expect([await a.cluster.receive(), await b.cluster.receive(), await c.cluster.receive()]).toEqual([[], [], []]);
      await b.cluster.send(jobs(5, 1));
      expect([await a.cluster.receive(), await b.cluster.receive()]).toEqual([jobs(5, 1), []]);
    });

    it("of before a node began do not come to it", async () => {
      const { open } = await rig();
      const early = await open();
      await early.cluster.send(jobs(0, 3));
      const late = await open();
      await early.cluster.send(jobs(3, 1));
      expect(await late.cluster.receive()).toEqual(jobs(3, 1));
    });

    it("may be many and large", async () => {
      const { open } = await rig();
      const [a, b] = [await open(), await open()];
      const large: Signal = { kind: "deliveries", ids: Array.from({ length: 1_000 }, (_, at) => `dlv_${at}`) };
      await a.cluster.send([...jobs(0, 2_000), large]);
      expect(await b.cluster.receive()).toEqual([...jobs(0, 2_000), large]);
      await a.cluster.send([]);
      expect(await b.cluster.receive()).toEqual([]);
    });

    it("sent by several at once are lost by none", async () => {
      const { open } = await rig();
      const [a, b, c] = [await open(), await open(), await open()];
      const received: Signal[] = [];
      for (let round = 0; round < 10; round += 1) {
        const from = round * 10;
        const [, , early] = await Promise.all([a.cluster.send(jobs(from, 5)), b.cluster.send(jobs(from + 5, 5)), c.cluster.receive()]);
        received.push(...early);
      }
      received.push(...(await c.cluster.receive()));
      expect(received.map((signal) => JSON.stringify(signal)).toSorted()).toEqual(
        jobs(0, 100)
          .map((signal) => JSON.stringify(signal))
          .toSorted(),
      );
    });
  });
}

function describeNodes(rig: () => Promise<Rig>): void {
  describe("the list of nodes", () => {
    it("names those that beat, with what they say of themselves and their shards, and forgets who stops", async () => {
      const { open, passTime } = await rig();
      const [a, b] = [await open(), await open()];
      expect(await a.cluster.nodes()).toEqual([]);
      const { ttlMs } = await b.cluster.beat({ report: report("zebra", ["worker"]), give: [], takes: true });
      await a.cluster.beat({ report: report("ant", ["api"]), give: [], takes: false });
      const nodes = await a.cluster.nodes();
      expect(nodes).toMatchObject([
        { ...report("ant", ["api"]), id: a.cluster.nodeId, shards: [] },
        { ...report("zebra", ["worker"]), id: b.cluster.nodeId, shards: ALL },
      ]);
      expect(Number.isInteger(nodes[0]!.beatAt)).toBe(true);
      await passTime(ttlMs - 1);
      await a.cluster.beat(request("ant", { takes: false }));
      await passTime(2);
      expect((await a.cluster.nodes()).map((node) => node.name)).toEqual(["ant"]);
    });

    it("no two nodes have one id", async () => {
      const { open } = await rig();
      const ids = [(await open()).cluster.nodeId, (await open()).cluster.nodeId, (await open()).cluster.nodeId];
      expect(new Set(ids).size).toBe(3);
    });
  });
}
