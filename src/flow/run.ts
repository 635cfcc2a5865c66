// The whole flow put together: accept → dispatch → send → settle → tail, with jobs and retention beside it.
import type { Logger } from "../log.ts";
import type { Transport } from "../outbound/transport.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import type { Random } from "../system/random.ts";
import { type Acceptor, createAcceptor } from "./accept.ts";
import { createAnnouncements } from "./announcements.ts";
import type { Catalog } from "./catalog.ts";
import { type Counters, createCounters } from "./counters.ts";
import { credentialsOf } from "./credentials.ts";
import { diagnoseRequest } from "./diagnosis.ts";
import { createDestinationHealth } from "./destination-health.ts";
import { createDispatcher } from "./dispatch.ts";
import { explainEvent } from "./explain.ts";
import type { Flow } from "./flow.ts";
import { createHandshakes } from "./handshakes.ts";
import { createJobs } from "./jobs.ts";
import { createLargeBodies } from "./large-bodies.ts";
import { createRejections } from "./rejections.ts";
import { createRetention, type Retention } from "./retention.ts";
import { createSender } from "./send.ts";
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
  start(): Promise<void>;
  /** Ends what is under way within `graceMs`, commits its outcomes, and leaves the rest to the next start. */
  stop(graceMs: number): Promise<void>;
}

export function createFlow(options: FlowOptions): RunningFlow {
  const { store, catalog, clock } = options;
  const tail = createTail();
  const counters = createCounters();
  const largeBodies = createLargeBodies();
  const shared = { ...options, tail, counters, largeBodies };
  const sender = createSender({
    transport: options.transport,
    clock,
    credentialHeaders: (event) => credentialsOf(event.sourceId === null ? undefined : catalog.liveSource(event.sourceId)?.source).headers,
  });
  // Its events come in by the door of accept, which stands at the far end of the flow.
  const announcements = createAnnouncements({ ...shared, publish: (draft) => acceptor.publish(draft) });
  const health = createDestinationHealth({ ...shared, announcements });
  const worker = createWorker({ ...shared, sender, health, limits: options.slots });
  const dispatcher = createDispatcher({ ...shared, worker });
  const jobs = createJobs({ ...shared, worker });
  const rejections = createRejections(shared);
  const retention = createRetention({ ...shared, days: options.retentionDays, bytesMax: options.retentionBytesMax });
  const handshakes = createHandshakes(shared);
  const vendorKeys = createVendorKeys(shared);
  const acceptor: Acceptor = createAcceptor({
    ...shared,
    dispatcher,
    rejections,
    handshakes,
    vendorKeys,
    bodyBytesMax: options.ingestBodyBytesMax,
  });

  return {
    acceptor,
    worker,
    retention,
    counters,
    unwellDestinations: () => health.unwell,
    suppressedRejections: () => rejections.suppressed,
    flow: {
      publish: (draft) => acceptor.publish(draft),
      deliveriesChanged: (deliveries) => worker.deliveriesChanged(deliveries),
      destinationChanged: (destinationId) => worker.destinationChanged(destinationId),
      jobChanged: jobs.jobChanged,
      diagnose: (record) => diagnoseRequest({ catalog, vendorKeys, clock }, record),
      explain: (event) => explainEvent({ store, catalog, largeBodies }, event),
      planJob: jobs.plan,
      destinationHealth: (destinationId) => health.report(destinationId),
      tail,
    },
    async start() {
      await worker.start();
      dispatcher.start();
      await jobs.start();
      retention.start();
    },
    async stop(graceMs) {
      // The order of the flow: first nothing new comes in, then what is under way ends, then its outcomes are kept.
      await retention.stop();
      await Promise.all([jobs.stop(), dispatcher.stop()]);
      await worker.stop(graceMs);
      await announcements.stop();
      await health.stop();
      await rejections.flush();
      await largeBodies.close();
    },
  };
}
