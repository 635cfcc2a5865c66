// Retries by hand of what the worker may hold: a person's word is newer than the outcome of an attempt under way.
import type { Delivery } from "../core/delivery.ts";
import type { Lane, Work } from "../core/lane.ts";
import type { Logger } from "../log.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import type { Catalog } from "./catalog.ts";
import type { DestinationHealth } from "./destination-health.ts";
import type { LaneFeed } from "./lane-feed.ts";

export interface HandRetries {
  take(lane: Lane, delivery: Delivery): void;
  /** It has ended, so it tests nothing any more. */
  ended(deliverySeq: number): void;
  /** Whether it was retried while in memory: the store has a newer word on it than the outcome that was just kept. Said once. */
  wasRetried(deliverySeq: number): boolean;
  stop(): void;
}

export interface HandRetriesOptions {
  store: Store;
  catalog: Catalog;
  clock: Clock;
  health: DestinationHealth;
  log: Logger;
  feed: LaneFeed;
  /** Sends this one first, as the probe that its destination's breaker lets through. */
  probeWith: (work: Work) => void;
}

export function createHandRetries(options: HandRetriesOptions): HandRetries {
  const { store, catalog, clock, health, log, feed } = options;
  const retried = new Set<number>();
  /** Of destinations whose breaker is open: each is about to test it. */
  const probing = new Set<number>();
  let stopping = false;

  /** A person wants to know now whether it works: their delivery tests the destination in place of the next one in line. */
  async function probe(lane: Lane, delivery: Delivery): Promise<void> {
    const { seq, destinationId } = delivery;
    probing.add(seq);
    try {
      const [event] = await store.eventsBySeq([delivery.eventSeq]);
      const isActive = catalog.destination(destinationId)?.state.kind === "active";
      if (event === undefined || stopping || !isActive || !probing.has(seq) || lane.window.has(seq)) return;
      // Another probe is under way already; then this one waits for its turn like everything else.
      if (health.probe(destinationId)) options.probeWith({ delivery, event });
    } catch (error) {
      log.error({ error, deliveryId: delivery.id }, "a delivery that was retried by hand could not be read; it waits for the next probe");
    } finally {
      probing.delete(seq);
    }
  }

  return {
    take(lane, delivery) {
      if (lane.window.has(delivery.seq)) retried.add(delivery.seq);
      // A person can hurry a delivery, but not past the one that it waits for.
      else if (delivery.order?.blocked === true) return;
      else if (health.isOpen(delivery.destinationId)) void probe(lane, delivery);
      feed.waitUntil(lane, "fresh", delivery.nextAttemptAt ?? clock.now());
    },
    ended: (deliverySeq) => void probing.delete(deliverySeq),
    wasRetried: (deliverySeq) => retried.delete(deliverySeq),
    stop() {
      stopping = true;
    },
  };
}
