// A node's part in a store that several share: what it owns, what it tells the others, and what it hears from them.
import type { Delivery } from "../core/delivery.ts";
import { classOf } from "../core/lane.ts";
import { SHARDS } from "../core/shard.ts";
import type { Logger } from "../log.ts";
import type { Cluster, NodeRecord, NodeReport, Role } from "../store/cluster.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import type { Catalog } from "./catalog.ts";
import type { Counters } from "./counters.ts";
import type { Dispatcher } from "./dispatch.ts";
import { createHearing, type Hearing } from "./hearing.ts";
import { createMembership } from "./membership.ts";
import { type Ownership, SOLE_OWNER } from "./ownership.ts";
import type { Jobs } from "./jobs.ts";
import { createSignals, NO_SIGNALS, type Signals } from "./signals.ts";
import type { Worker } from "./worker.ts";

export interface NodeIdentity {
  name: string;
  version: string;
  roles: readonly Role[];
}

/** Whoever does the work. */
interface Parts {
  worker: Worker;
  dispatcher: Dispatcher;
  jobs: Jobs;
}

export interface Sharing {
  readonly ownership: Ownership;
  readonly signals: Signals;
  /** Tells of a delivery that this node made and another one sends. */
  tellOwner(delivery: Delivery): void;
  /** Once, before the start. */
  connect(parts: Parts): void;
  start(): Promise<void>;
  /** Takes up nothing any more, and gives each shard to the others as soon as nothing of it is under way. */
  retire(): void;
  leave(): Promise<void>;
  nodes(): Promise<{ nodes: NodeRecord[]; here: string }>;
  isJoined(): boolean;
  /** Null when it is everything. */
  shardsHeld(): number | null;
}

export interface SharingOptions {
  store: Store;
  catalog: Catalog;
  clock: Clock;
  log: Logger;
  cluster: Cluster | null;
  node: NodeIdentity;
  counters: Counters;
}

export function createSharing(options: SharingOptions): Sharing {
  const { cluster } = options;
  return cluster === null ? createSole(options) : createShared(options, cluster);
}

function createSole(options: SharingOptions): Sharing {
  const connected = createReport(options);
  const here = "this";
  return {
    ownership: SOLE_OWNER,
    signals: NO_SIGNALS,
    tellOwner: () => undefined,
    connect: connected.connect,
    start: () => Promise.resolve(),
    retire: () => undefined,
    leave: () => Promise.resolve(),
    nodes() {
      const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
      return Promise.resolve({ nodes: [{ ...connected.report(), id: here, beatAt: options.clock.now(), shards }], here });
    },
    isJoined: () => true,
    shardsHeld: () => null,
  };
}

function createShared(options: SharingOptions, cluster: Cluster): Sharing {
  const { catalog, clock, node } = options;
  const works = node.roles.includes("worker");
  const connected = createReport(options);
  let hearing: Hearing | null = null;
  const signals = createSignals({ ...options, cluster, hear: (heard) => hearing?.hear(heard) });
  const membership = createMembership({
    ...options,
    cluster,
    takes: works,
    report: connected.report,
    tenant: {
      gained(shards) {
        const { worker, dispatcher, jobs } = connected.parts();
        void worker.shards.adopt(shards);
        void jobs.look();
        dispatcher.lookAt(null);
      },
      closed: (shards) => connected.parts().worker.shards.close(shards),
      lost: (shards) => connected.parts().worker.shards.drop(shards),
      busy() {
        const { worker, jobs } = connected.parts();
        const busy = worker.shards.busy();
        for (const shard of jobs.busy()) busy.add(shard);
        return busy;
      },
    },
  });
  const { ownership } = membership;
  return {
    ownership,
    signals,
    tellOwner: (delivery) => signals.work(delivery.destinationId, classOf(delivery), delivery.nextAttemptAt ?? clock.now()),
    connect(parts) {
      connected.connect(parts);
      hearing = createHearing({ ...options, ...parts, ownership, works });
      catalog.listen({
        committed: (version) => signals.config(version),
        refreshed: (destinationIds) => destinationIds.forEach((id) => parts.worker.destinationChanged(id)),
      });
    },
    async start() {
      hearing?.start();
      signals.start();
      await membership.start();
    },
    retire: () => membership.retire(),
    async leave() {
      await hearing?.stop();
      await signals.stop();
      await membership.leave();
    },
    nodes: async () => ({ nodes: await cluster.nodes(), here: cluster.nodeId }),
    isJoined: () => membership.isJoined(),
    shardsHeld: () => membership.held,
  };
}

/** What this node says of itself. */
function createReport({ clock, node, counters }: SharingOptions) {
  const startedAt = clock.now();
  let parts: Parts | null = null;
  const connectedParts = () => {
    if (parts === null) throw new Error("a node was started before its parts were there");
    return parts;
  };
  return {
    connect(given: Parts): void {
      parts = given;
    },
    parts: connectedParts,
    report(): NodeReport {
      const { inFlight, queued } = connectedParts().worker.stats();
      const attempts = [...counters.attempts.values()].reduce((sum, count) => sum + count, 0);
      return { ...node, startedAt, inFlight, queued, accepted: counters.accepted, attempts };
    },
  };
}
