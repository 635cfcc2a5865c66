// How destinations of other nodes fare, as far as the store knows: for people who ask a node that does not send to them.
import { type BreakerState, createBreaker } from "../core/breaker.ts";
import type { Destination } from "../core/destination.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import type { HealthReport } from "./destination-health.ts";

// A page of deliveries asks for many at once, and a dashboard asks every second.
const FRESH_FOR_MS = 500;

export interface StoredHealth {
  /** Reads what is older than half a second. */
  refresh(): Promise<void>;
  report(destination: Destination): HealthReport;
}

export function createStoredHealth({ store, clock }: { store: Store; clock: Clock }): StoredHealth {
  let breakers: ReadonlyMap<string, BreakerState> = new Map();
  let readAt = -Infinity;
  let reading: Promise<void> | null = null;

  async function read(): Promise<void> {
    const now = clock.now();
    const rows = await store.destinationHealth();
    breakers = new Map(rows.map(({ destinationId, breaker }) => [destinationId, breaker]));
    readAt = now;
  }

  return {
    refresh() {
      const age = clock.now() - readAt;
      if (age >= 0 && age < FRESH_FOR_MS) return Promise.resolve();
      reading ??= read().finally(() => (reading = null));
      return reading;
    },
    report({ id, concurrencyMax }) {
      const breaker = createBreaker(breakers.get(id));
      const { phase, since, probeAt, failingSince, reason } = breaker.state;
      // What the adaptive limit has come to is in the memory of the node that sends; this is the most it can be.
      return { phase, since: since === 0 ? null : since, probeAt, failingSince, reason, concurrency: breaker.slots(concurrencyMax) };
    },
  };
}
