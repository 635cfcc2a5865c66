// The cluster port over one object in memory, on the test clock: leases with tokens and an end, signals, and nodes.
import { SHARDS } from "../../src/core/shard.ts";
import type { BeatRequest, Cluster, Membership, NodeRecord, NodeReport, Signal } from "../../src/store/cluster.ts";
import { StoreUnavailableError } from "../../src/store/store.ts";
import type { TestClock } from "./clock.ts";

const TTL_MS = 8_000;

interface Lease {
  token: number;
  owner: string | null;
  expiresAt: number;
}

interface Node {
  report: NodeReport;
  beatAt: number;
  takes: boolean;
}

interface Sent {
  from: string;
  signal: Signal;
}

export interface TestClusters {
  join(nodeId: string): Cluster;
  /** Who holds each shard, expired or not. */
  readonly leases: readonly Readonly<Lease>[];
  /** While true, signals are taken and reach nobody. */
  losesSignals: boolean;
  /** Nodes that can't reach it. */
  readonly cutOff: Set<string>;
  /** Every signal that was sent, by the node that sent it. */
  readonly sent: readonly Sent[];
}

/** `configVersion` answers at once: it is part of the one round trip of a beat. */
export function createTestClusters(clock: TestClock, configVersion: () => number): TestClusters {
  const leases: Lease[] = Array.from({ length: SHARDS }, () => ({ token: 0, owner: null, expiresAt: 0 }));
  const nodes = new Map<string, Node>();
  const sent: Sent[] = [];

  const isAlive = ({ beatAt }: Node) => clock.now() - beatAt < TTL_MS;
  const heldBy = (nodeId: string) => leases.flatMap(({ owner, token }, shard) => (owner === nodeId ? [{ shard, token }] : []));

  function beat(nodeId: string, { report, give, takes }: BeatRequest): Membership {
    const now = clock.now();
    nodes.set(nodeId, { report, beatAt: now, takes });
    const own = leases.filter(({ owner }) => owner === nodeId);
    for (const lease of own) lease.expiresAt = now + TTL_MS;
    for (const shard of give) if (leases[shard]!.owner === nodeId) leases[shard]!.owner = null;
    const takers = [...nodes.values()].filter((node) => node.takes && isAlive(node)).length;
    const share = Math.ceil(SHARDS / Math.max(1, takers));
    const free = leases.filter(({ owner, expiresAt }) => owner === null || expiresAt <= now);
    const room = takes ? Math.max(0, share - heldBy(nodeId).length) : 0;
    for (const lease of free.slice(0, room)) Object.assign(lease, { owner: nodeId, token: lease.token + 1, expiresAt: now + TTL_MS });
    return { leases: heldBy(nodeId), ttlMs: TTL_MS, share, configVersion: configVersion() };
  }

  const clusters: TestClusters = {
    leases,
    losesSignals: false,
    cutOff: new Set(),
    sent,
    join(nodeId) {
      let heard = sent.length;
      const reach = async <T>(work: () => T): Promise<T> => {
        await Promise.resolve();
        if (clusters.cutOff.has(nodeId)) throw new StoreUnavailableError("scripted: this node is cut off");
        return work();
      };
      return {
        nodeId,
        beat: (request) => reach(() => beat(nodeId, structuredClone<BeatRequest>(request))),
        leave: () =>
          reach(() => {
            for (const lease of leases) if (lease.owner === nodeId) lease.owner = null;
            nodes.delete(nodeId);
          }),
        send: (signals) =>
          reach(() => {
            if (!clusters.losesSignals) for (const signal of signals) sent.push({ from: nodeId, signal: structuredClone(signal) });
          }),
        receive: () =>
          reach(() => {
            const news = sent.slice(heard).filter(({ from }) => from !== nodeId);
            heard = sent.length;
            return news.map(({ signal }) => signal);
          }),
        nodes: () =>
          reach(() => {
            const alive = [...nodes].filter(([, node]) => isAlive(node));
            const records = alive.map(([id, { report, beatAt }]): NodeRecord => {
              return { ...report, id, beatAt, shards: heldBy(id).map(({ shard }) => shard) };
            });
            return records.toSorted((a, b) => (a.name < b.name ? -1 : 1));
          }),
      };
    },
  };
  return clusters;
}
