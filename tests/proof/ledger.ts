// Two ledgers and the invariants between them: what was acknowledged, and what arrived.
import { createHash } from "node:crypto";

export interface Sent {
  deliveryId: string;
  bodyHash: string;
  acknowledged: boolean;
}

export interface Arrived {
  deliveryId: string;
  eventId: string;
  bodyHash: string;
}

export function hashOf(body: Uint8Array | string): string {
  return createHash("sha256").update(body).digest("hex");
}

export interface Verdict {
  acknowledged: number;
  arrived: number;
  /** Arrivals beyond the first of an event. */
  repeats: number;
  violations: string[];
}

/** Every acknowledged request has arrived, with its bytes, and always under one event id. */
export function compareLedgers(sent: Iterable<Sent>, arrivals: readonly Arrived[]): Verdict {
  const byDelivery = Map.groupBy(arrivals, (arrival) => arrival.deliveryId);
  const violations: string[] = [];
  const known = new Map<string, Sent>();
  let acknowledged = 0;
  for (const request of sent) {
    known.set(request.deliveryId, request);
    if (!request.acknowledged) continue;
    acknowledged += 1;
    if (!byDelivery.has(request.deliveryId)) violations.push(`lost: ${request.deliveryId} was acknowledged and never arrived`);
  }
  for (const [deliveryId, copies] of byDelivery) {
    const original = known.get(deliveryId);
    if (original === undefined) violations.push(`invented: ${deliveryId} arrived and was never sent`);
    for (const copy of copies) {
      if (original !== undefined && copy.bodyHash !== original.bodyHash) violations.push(`changed: ${deliveryId} arrived with other bytes`);
    }
    const ids = new Set(copies.map((copy) => copy.eventId));
    if (ids.size > 1) violations.push(`split: ${deliveryId} arrived as ${[...ids].join(" and ")}`);
  }
  return { acknowledged, arrived: byDelivery.size, repeats: arrivals.length - byDelivery.size, violations };
}
