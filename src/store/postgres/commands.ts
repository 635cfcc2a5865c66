// People's commands: a retry brings a delivery back to what waits, a cancel ends it.
import type { Delivery } from "../../core/delivery.ts";
import { type IdParts, parseId } from "../../core/id.ts";
import type { DeliveryCommand } from "../store.ts";
import type { Queries } from "./connection.ts";
import { endWaiting, present, revive } from "./moves.ts";

/** Answers the deliveries it changed, with their new state, in the order of `ids`. Call it inside a transaction. */
export async function commandDeliveries(queries: Queries, ids: readonly string[], command: DeliveryCommand): Promise<Delivery[]> {
  const seqs = await present(queries, targetsOf(ids));
  const { kind, at, reason = kind === "retry" ? "Retried by hand." : "Cancelled by hand." } = command;
  const changed =
    kind === "retry" ? await revive(queries, seqs, "retry", { at, reason }) : await endWaiting(queries, seqs, "cancelled", { at, reason });
  return inOrderOf(seqs, changed);
}

export function targetsOf(ids: readonly string[]): IdParts[] {
  return ids.map((id) => parseId("dlv", id)).filter((parts) => parts !== null);
}

export function inOrderOf(seqs: readonly number[], deliveries: readonly Delivery[]): Delivery[] {
  const bySeq = new Map(deliveries.map((delivery) => [delivery.seq, delivery]));
  return seqs.map((seq) => bySeq.get(seq)).filter((delivery) => delivery !== undefined);
}
