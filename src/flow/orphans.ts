// Deliveries of a destination that no longer exists: they can never be sent, and end with that reason.
import { CLASSES } from "../core/lane.ts";
import type { Logger } from "../log.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "../system/clock.ts";

const CANCEL_BATCH_MAX = 500;
const REASON = "The destination was deleted.";

export async function cancelOrphans(
  { store, clock, log }: { store: Store; clock: Clock; log: Logger },
  destinationId: string,
): Promise<void> {
  try {
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
}
