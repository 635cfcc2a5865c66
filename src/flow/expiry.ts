// Ends deliveries whose time has passed, also those of a paused destination: one timer, at the earliest expiry there is.
import type { Delivery } from "../core/delivery.ts";
import type { Logger } from "../log.ts";
import type { Store } from "../store/store.ts";
import { type Clock, createPauses, type Timer } from "../system/clock.ts";
import type { Ownership } from "./ownership.ts";

// One commit each: enough to end a large backlog quickly, little enough that nobody else's commit waits for long.
const SWEEP_MAX = 500;
const RETRY_WAIT_MS = 1_000;

export interface Expiry {
  /** A delivery that was just committed ends at this time unless it is through by then; null never does. */
  watch(expiresAt: number | null): void;
  /** Resolves when everything that had expired at the call is ended in the store, or at a stop. */
  sweep(): Promise<void>;
  stop(): void;
}

export interface ExpiryOptions {
  store: Store;
  clock: Clock;
  log: Logger;
  ownership: Ownership;
  /** Seqs of attempts that began in time and are not settled yet. */
  underWay(): number[];
  /** These were ended. */
  onExpired(deliveries: Delivery[]): void;
}

export function createExpiry({ store, clock, log, ownership, underWay, onExpired }: ExpiryOptions): Expiry {
  const { pause, end: endPauses } = createPauses(clock);
  let timer: { at: number; handle: Timer } | null = null;
  let running: Promise<void> | null = null;
  let stopping = false;

  function watch(at: number | null): void {
    if (at === null || stopping || (timer !== null && timer.at <= at)) return;
    timer?.handle.cancel();
    const handle = clock.after(Math.max(0, at - clock.now()), () => {
      timer = null;
      void sweep();
    });
    timer = { at, handle };
  }

  async function sweepOnce(): Promise<void> {
    while (!stopping) {
      const now = clock.now();
      try {
        const { deliveries, nextExpiryAt } = await store.expireDeliveries({
          now,
          limit: SWEEP_MAX,
          skipSeqs: underWay(),
          shards: ownership.shards(),
        });
        if (deliveries.length > 0) onExpired(deliveries);
        if (nextExpiryAt === null || nextExpiryAt > now) return watch(nextExpiryAt);
      } catch (error) {
        log.error({ error }, "expired deliveries could not be ended; trying again");
        await pause(RETRY_WAIT_MS);
      }
    }
  }

  async function sweep(): Promise<void> {
    // One that is under way may have asked the store before the caller's delivery expired.
    while (running !== null) await running;
    if (stopping) return;
    running = sweepOnce().finally(() => (running = null));
    await running;
  }

  return {
    watch,
    sweep,
    stop() {
      stopping = true;
      timer?.handle.cancel();
      endPauses();
    },
  };
}
