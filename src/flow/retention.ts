// Retention: deletes what is older than it should be, and the oldest when there is too much, in slices that leave traffic room.
import { RETENTION_SLICE_EVENTS_MAX } from "../limits.ts";
import type { Logger } from "../log.ts";
import type { RetentionSlice, Store } from "../store/store.ts";
import { type Clock, sleep, type Timer } from "../system/clock.ts";
import type { Catalog } from "./catalog.ts";
import type { Ownership } from "./ownership.ts";

const DAY_MS = 86_400_000;
const INTERVAL_MS = 60_000;
// Between two slices other commits get their turn.
const PAUSE_MS = 20;

export interface Retention {
  start(): void;
  /** One full pass; resolves with the number of events deleted. */
  run(): Promise<number>;
  stop(): Promise<void>;
}

export interface RetentionOptions {
  store: Store;
  catalog: Catalog;
  clock: Clock;
  log: Logger;
  days: number;
  /** 0 sets no limit. */
  bytesMax: number;
  /** Of several nodes one does it: two would only wait for each other's rows. */
  ownership: Ownership;
}

export function createRetention(options: RetentionOptions): Retention {
  const { store, catalog, clock, log, ownership } = options;
  let stopping = false;
  let timer: Timer | null = null;
  let running: Promise<void> = Promise.resolve();

  const goesOn = () => !stopping && ownership.isFirst(clock.now());

  async function deleteAll(slice: Omit<RetentionSlice, "limit">): Promise<number> {
    let total = 0;
    while (goesOn()) {
      const count = await store.deleteExpired({ ...slice, limit: RETENTION_SLICE_EVENTS_MAX });
      total += count;
      if (count < RETENTION_SLICE_EVENTS_MAX) break;
      await sleep(clock, PAUSE_MS);
    }
    return total;
  }

  async function deleteOverSize(): Promise<number> {
    let total = 0;
    while (goesOn() && options.bytesMax > 0 && (await store.size()).usedBytes > options.bytesMax) {
      const count = await store.deleteExpired({
        before: clock.now(),
        sourceId: null,
        exceptSourceIds: [],
        limit: RETENTION_SLICE_EVENTS_MAX,
      });
      total += count;
      if (count === 0) {
        log.warn("the store is above POSTHORN_RETENTION_BYTES_MAX, and everything in it still has deliveries to make");
        break;
      }
      await sleep(clock, PAUSE_MS);
    }
    return total;
  }

  async function run(): Promise<number> {
    const now = clock.now();
    const own = [...catalog.sources()].filter((source) => source.retentionDays !== null);
    let total = 0;
    for (const source of own) {
      total += await deleteAll({ before: now - source.retentionDays! * DAY_MS, sourceId: source.id, exceptSourceIds: [] });
    }
    const before = now - options.days * DAY_MS;
    total += await deleteAll({ before, sourceId: null, exceptSourceIds: own.map((source) => source.id), wholeDays: true });
    total += await deleteOverSize();
    if (goesOn()) await store.sweep(now, before);
    if (total > 0) log.info({ events: total }, "retention deleted events");
    return total;
  }

  function plan(): void {
    timer = clock.after(INTERVAL_MS, () => {
      if (!ownership.isFirst(clock.now())) return plan();
      running = run().then(
        () => undefined,
        (error: unknown) => log.error({ error }, "retention failed; it tries again"),
      );
      void running.finally(() => {
        if (!stopping) plan();
      });
    });
  }

  return {
    start: plan,
    run,
    async stop() {
      stopping = true;
      timer?.cancel();
      await running;
    },
  };
}
