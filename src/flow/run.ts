// The whole flow put together: accept → dispatch → send → settle → tail, with jobs and retention beside it.
import type { Delivery } from "../core/delivery.ts";
import type { Job } from "../core/job.ts";
import type { Logger } from "../log.ts";
import type { Transport } from "../outbound/transport.ts";
import type { Cluster } from "../store/cluster.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import type { Random } from "../system/random.ts";
import { type Acceptor, createAcceptor } from "./accept.ts";
import { type Announcements, createAnnouncements } from "./announcements.ts";
import type { Catalog } from "./catalog.ts";
import { type Counters, createCounters } from "./counters.ts";
import { credentialsOf } from "./credentials.ts";
import { diagnoseRequest } from "./diagnosis.ts";
import { createDestinationHealth, type DestinationHealth, type HealthReport } from "./destination-health.ts";
import { createDispatcher, type Dispatcher } from "./dispatch.ts";
import { createElsewhereDispatcher } from "./dispatch-elsewhere.ts";
import { explainEvent } from "./explain.ts";
import type { Flow } from "./flow.ts";
import { createHandshakes } from "./handshakes.ts";
import { type ChangesTold, createJobs, type Jobs } from "./jobs.ts";
import { createLargeBodies, type LargeBodies } from "./large-bodies.ts";
import { createRejections, type Rejections } from "./rejections.ts";
import { createRetention, type Retention } from "./retention.ts";
import { createSender } from "./send.ts";
import { createSharing, type NodeIdentity, type Sharing } from "./sharing.ts";
import { createStoredHealth, type StoredHealth } from "./stored-health.ts";
import { createSecondLook } from "./second-look.ts";
import { createTail } from "./tail.ts";
import { createVendorKeys } from "./vendor-keys.ts";
import { createWorker, type SlotLimits, type Worker } from "./worker.ts";

export interface FlowOptions {
  store: Store;
  catalog: Catalog;
  transport: Transport;
  clock: Clock;
  random: Random;
  log: Logger;
  slots: SlotLimits;
  ingestBodyBytesMax: number;
  retentionDays: number;
  retentionBytesMax: number;
  /** How this process and others share the store; null for a store that it holds alone. */
  cluster: Cluster | null;
  node: NodeIdentity;
}

export interface RunningFlow {
  flow: Flow;
  acceptor: Acceptor;
  worker: Worker;
  retention: Retention;
  counters: Counters;
  /** Destinations whose circuit breaker is not closed. */
  unwellDestinations(): number;
  /** Rejected requests that were counted but not kept. */
  suppressedRejections(): number;
  /** Shards this node works on; null when it works on everything. */
  shardsHeld(): number | null;
  start(): Promise<void>;
  /** Ends what is under way within `graceMs`, commits its outcomes, and leaves the rest to the next start. */
  stop(graceMs: number): Promise<void>;
}

export function createFlow(options: FlowOptions): RunningFlow {
  const { store, catalog, clock, cluster, node } = options;
  const tail = createTail();
  const counters = createCounters();
  const largeBodies = createLargeBodies();
  const sharing = createSharing({ ...options, counters });
  const { ownership, signals } = sharing;
  const works = node.roles.includes("worker");
  const shared = { ...options, tail, counters, largeBodies, ownership };
  const sender = createSender({
    transport: options.transport,
    clock,
    credentialHeaders: (event) => credentialsOf(event.sourceId === null ? undefined : catalog.liveSource(event.sourceId)?.source).headers,
  });
  // Its events come in by the door of accept, which stands at the far end of the flow.
  const announcements = createAnnouncements({ ...shared, publish: (draft) => acceptor.publish(draft) });
  const health = createDestinationHealth({ ...shared, announcements });
  const worker = createWorker({ ...shared, sender, health, limits: options.slots, tellOwner: sharing.tellOwner });
  const dispatcher = works ? createDispatcher({ ...shared, worker }) : createElsewhereDispatcher(signals);
  const changes = createChangesTold({ sharing, worker });
  const jobs = createJobs({ ...shared, worker, changes });
  const rejections = createRejections(shared);
  const retention = createRetention({ ...shared, days: options.retentionDays, bytesMax: options.retentionBytesMax });
  const handshakes = createHandshakes(shared);
  const vendorKeys = createVendorKeys(shared);
  const secondLook = cluster === null ? null : createSecondLook({ clock, refresh: catalog.refresh });
  const stored = createStoredHealth({ store, clock });
  const acceptor: Acceptor = createAcceptor({
    ...shared,
    dispatcher,
    rejections,
    handshakes,
    vendorKeys,
    secondLook,
    bodyBytesMax: options.ingestBodyBytesMax,
  });
  sharing.connect({ worker, dispatcher, jobs });

  return {
    acceptor,
    worker,
    retention,
    counters,
    unwellDestinations: () => health.unwell,
    suppressedRejections: () => rejections.suppressed,
    shardsHeld: () => sharing.shardsHeld(),
    flow: {
      publish: (draft) => acceptor.publish(draft),
      ...createCommands({ changes, sharing, worker, jobs }),
      diagnose: (record) => diagnoseRequest({ catalog, vendorKeys, clock }, record),
      explain: (event) => explainEvent({ store, catalog, largeBodies }, event),
      planJob: jobs.plan,
      destinationHealth: (destinationId) => reportOf({ worker, health, stored, catalog }, destinationId),
      freshen(what) {
        if (cluster === null) return null;
        return Promise.all([catalog.refresh(), what.health ? stored.refresh() : null]).then(() => undefined);
      },
      secondLook: () => secondLook?.() ?? null,
      nodes: () => sharing.nodes(),
      isJoined: () => sharing.isJoined(),
      tail,
    },
    ...createLife({ works, sharing, worker, dispatcher, jobs, retention, announcements, health, rejections, largeBodies }),
  };
}

interface Parts {
  works: boolean;
  sharing: Sharing;
  worker: Worker;
  dispatcher: Dispatcher;
  jobs: Jobs;
  retention: Retention;
  announcements: Announcements;
  health: DestinationHealth;
  rejections: Rejections;
  largeBodies: LargeBodies;
}

function createLife(parts: Parts): Pick<RunningFlow, "start" | "stop"> {
  const { works, sharing, worker, dispatcher, jobs, retention } = parts;
  return {
    async start() {
      if (works) {
        await worker.start();
        dispatcher.start();
        await jobs.start();
        retention.start();
      }
      await sharing.start();
    },
    async stop(graceMs) {
      // The order of the flow: first nothing new comes in, then what is under way ends, then its outcomes are kept.
      sharing.retire();
      await retention.stop();
      await Promise.all([jobs.stop(), dispatcher.stop()]);
      await worker.stop(graceMs);
      await parts.announcements.stop();
      await parts.health.stop();
      await parts.rejections.flush();
      await sharing.leave();
      await parts.largeBodies.close();
    },
  };
}

/** Of a destination that another node sends to, as the store has it. */
function reportOf(
  { worker, health, stored, catalog }: { worker: Worker; health: DestinationHealth; stored: StoredHealth; catalog: Catalog },
  destinationId: string,
): HealthReport | null {
  if (worker.shards.isMine(destinationId)) return health.report(destinationId);
  const destination = catalog.destination(destinationId);
  return destination === undefined ? null : stored.report(destination);
}

/** Deliveries that a person or a job changed are told to whoever works on them: here, or on another node. */
function createChangesTold({ sharing, worker }: { sharing: Sharing; worker: Worker }): ChangesTold {
  const { ownership, signals } = sharing;
  const tellOthers = (deliveries: readonly Delivery[]) => {
    const others = deliveries.filter(({ destinationId }) => !ownership.owns(destinationId));
    if (others.length > 0) signals.deliveries(others.map(({ id }) => id));
  };
  return {
    deliveriesChanged(deliveries) {
      worker.deliveriesChanged(deliveries);
      tellOthers(deliveries);
    },
    deliveriesRecovered(deliveries) {
      worker.deliveriesRecovered(deliveries);
      tellOthers(deliveries);
    },
  };
}

/** What a person or a route changed. */
function createCommands({ changes, sharing, worker, jobs }: { changes: ChangesTold; sharing: Sharing; worker: Worker; jobs: Jobs }) {
  const { ownership, signals } = sharing;
  return {
    deliveriesChanged: changes.deliveriesChanged,
    // Other nodes hear of it from the catalog.
    destinationChanged: (destinationId: string) => worker.destinationChanged(destinationId),
    jobChanged(job: Job): void {
      if (ownership.owns(job.id)) jobs.jobChanged(job);
      else signals.job(job.id);
    },
  };
}
