// Deliveries of a destination that no longer exists: they can never be sent, and end with that reason.
import { CLASSES } from "../core/lane.ts";
import type { Logger } from "../log.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";
import type { Catalog } from "./catalog.ts";
import type { Ownership } from "./ownership.ts";

const CANCEL_BATCH_MAX = 500;
const REASON = "The destination was deleted.";

export interface OrphanOptions {
  store: Store;
  catalog: Catalog;
  clock: Clock;
  log: Logger;
  ownership: Ownership;
}

/** Answers false when the destination is there after all: another node made it, and the news had not come. */
export async function cancelOrphans({ store, catalog, clock, log, ownership }: OrphanOptions, destinationId: string): Promise<boolean> {
  try {
    // It was there before its deliveries were: what a look that begins now does not show is gone for good.
    if (!ownership.alone) await catalog.refresh();
    if (catalog.destination(destinationId) !== undefined) return false;
    // What is blocked first: or else each cancel would only let the next one of its line go.
    for (const { of, blocked } of [true, false].flatMap((isBlocked) => CLASSES.map((one) => ({ of: one, blocked: isBlocked })))) {
      const query = { blocked, destinationId, class: of, now: Number.MAX_SAFE_INTEGER, limit: CANCEL_BATCH_MAX, skipSeqs: [] };
      for (let due = await store.dueDeliveries(query); due.deliveries.length > 0; due = await store.dueDeliveries(query)) {
        const ids = due.deliveries.map((delivery) => delivery.id);
        await store.commandDeliveries(ids, { kind: "cancel", at: clock.now(), reason: REASON }, null);
      }
    }
  } catch (error) {
    log.error({ error, destinationId }, "deliveries of a deleted destination could not be cancelled; the next start tries again");
  }
  return true;
}
