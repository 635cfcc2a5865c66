// What other nodes tell is looked up in the store, which alone is the truth; and what got lost on the way is found by a look now and then.
import type { Delivery } from "../core/delivery.ts";
import type { Logger } from "../log.ts";
import type { Signal } from "../store/cluster.ts";
import type { Store } from "../store/store.ts";
import type { Clock, Timer } from "../system/clock.ts";
import type { Catalog } from "./catalog.ts";
import type { Dispatcher } from "./dispatch.ts";
import type { Ownership } from "./ownership.ts";
import type { Jobs } from "./jobs.ts";
import type { Worker } from "./worker.ts";

// Everything a lost hint told is found within this time.
const LOOK_EVERY_MS = 10_000;
// Events that a node accepted and did not dispatch, because it died or was cut off, are few and cheap to ask for.
const UNDISPATCHED_EVERY_MS = 2_000;
// Records read one by one; more at once would be kept from the lanes' own reads.
const READS_AT_ONCE = 16;

export interface Hearing {
  hear(signals: readonly Signal[]): void;
  start(): void;
  stop(): Promise<void>;
}

export interface HearingOptions {
  store: Store;
  catalog: Catalog;
  clock: Clock;
  log: Logger;
  ownership: Ownership;
  worker: Worker;
  dispatcher: Dispatcher;
  jobs: Jobs;
  /** Whether this node works on shards. */
  works: boolean;
}

export function createHearing(options: HearingOptions): Hearing {
  const { store, catalog, clock, log, ownership, worker, dispatcher, jobs, works } = options;
  const underWay = new Set<Promise<void>>();
  let lookTimer: Timer | null = null;
  let eventsTimer: Timer | null = null;
  let stopping = false;

  /** What fails is found again by the next look. */
  function run(what: string, work: () => Promise<unknown>): void {
    const running: Promise<void> = work()
      .then(
        () => undefined,
        (error: unknown) => log.warn({ error }, `${what} could not be read; the next look at the store tries again`),
      )
      .finally(() => underWay.delete(running));
    underWay.add(running);
  }

  async function readDeliveries(ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length && !stopping; at += READS_AT_ONCE) {
      const read = await Promise.all(ids.slice(at, at + READS_AT_ONCE).map((id) => store.delivery(id)));
      const found = read.filter((delivery): delivery is Delivery => delivery !== null);
      const isRecovered = ({ state, trigger }: Delivery) => state === "waiting" && trigger === "recover";
      worker.deliveriesRecovered(found.filter(isRecovered));
      worker.deliveriesChanged(found.filter((delivery) => !isRecovered(delivery)));
    }
  }

  async function readJob(id: string): Promise<void> {
    const job = await store.job(id);
    if (job !== null) jobs.jobChanged(job);
  }

  function hearOne(signal: Signal): void {
    switch (signal.kind) {
      case "config":
        if (signal.version !== catalog.version) run("the configuration", () => catalog.refresh());
        return;
      case "work":
        worker.shards.hint(signal.destinationId, signal.class, signal.dueAt);
        return;
      case "deliveries":
        if (works) run("changed deliveries", () => readDeliveries(signal.ids));
        return;
      case "accepted":
        // Which events are whose is the store's to say: it is asked for those of all shards of this node.
        if (works) dispatcher.lookAt(clock.now());
        return;
      case "job":
        if (works && ownership.owns(signal.id)) run("a job", () => readJob(signal.id));
        return;
    }
  }

  function planLook(): void {
    lookTimer = clock.after(LOOK_EVERY_MS, () => {
      run("what waits", async () => {
        await worker.shards.lookAll();
        await jobs.look();
      });
      planLook();
    });
  }

  function planEvents(): void {
    eventsTimer = clock.after(UNDISPATCHED_EVERY_MS, () => {
      dispatcher.lookAt(null);
      planEvents();
    });
  }

  return {
    hear: (signals) => signals.forEach(hearOne),
    start() {
      if (!works) return;
      planLook();
      planEvents();
    },
    async stop() {
      stopping = true;
      lookTimer?.cancel();
      eventsTimer?.cancel();
      await Promise.all(underWay);
    },
  };
}
