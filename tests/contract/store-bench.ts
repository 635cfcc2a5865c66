// What the store contract's chapters share: a store of their own, the time it lives in, and the records they make.
import type { Delivery, DeliveryState } from "../../src/core/delivery.ts";
import type { Event } from "../../src/core/event.ts";
import type { AcceptDraft, DispatchedEvent, DueQuery, NewDelivery, Settlement, Store } from "../../src/store/store.ts";
import { draft } from "../kit/store.ts";

/** One test's store, and the time it lives in. */
export interface Bench {
  readonly store: Store;
  /** What the store's clock says; set it to move time. */
  now: number;
  reopen(): Promise<Store>;
  accept(changes?: Partial<AcceptDraft> & { body?: Uint8Array }): Promise<Event>;
  /** Accepts an event and makes one delivery of it, due at once unless told otherwise. */
  deliver(changes?: Partial<NewDelivery>, event?: Partial<AcceptDraft>): Promise<Delivery>;
  /** Brings a delivery into a state by an attempt, or by a command for `cancelled`. */
  bring(delivery: Delivery, state: DeliveryState): Promise<Delivery>;
}

export type OpenBench = (options?: { requestsKeptMax?: number }) => Promise<Bench>;
export type ContractTest = (name: string, run: () => Promise<void>, timeoutMs?: number) => void;

/** A fixed Tuesday: no test depends on when it runs. */
export const START_MS = Date.UTC(2026, 0, 6, 12);

export function createActions(bench: () => Bench): Pick<Bench, "accept" | "deliver" | "bring"> {
  async function accept(changes: Partial<AcceptDraft> & { body?: Uint8Array } = {}): Promise<Event> {
    const outcome = await bench().store.accept(draft(bench().now, changes));
    if (outcome.kind !== "accepted") throw new Error(`a duplicate of ${outcome.of}`);
    return outcome.event;
  }
  return {
    accept,
    async deliver(changes = {}, event = {}) {
      const accepted = await accept(event);
      const [made] = await dispatch(bench().store, [accepted], [newDelivery(accepted, { nextAttemptAt: bench().now, ...changes })]);
      return made!;
    },
    async bring(delivery, state) {
      const { store, now } = bench();
      if (state === "cancelled") await store.commandDeliveries([delivery.id], { kind: "cancel", at: now }, null);
      else if (state !== "waiting") await store.settle([settlement(delivery, now, { state })]);
      return (await store.delivery(delivery.id))!;
    },
  };
}

/** Commits a dispatch that nothing stands in the way of, and answers what it made. */
export async function dispatch(store: Store, events: readonly DispatchedEvent[], drafts: NewDelivery[]): Promise<Delivery[]> {
  const outcome = await store.commitDispatch(events, drafts);
  if (outcome.kind === "stale") throw new Error("the configuration changed meanwhile");
  return outcome.deliveries.map((delivery) => {
    if (delivery === null) throw new Error("another dispatch covered the event");
    return delivery;
  });
}

export function newDelivery(event: { id: string; seq: number; bodyBytes?: number }, changes: Partial<NewDelivery> = {}): NewDelivery {
  return {
    eventId: event.id,
    eventSeq: event.seq,
    destinationId: "dst_a",
    subscriptionId: "sub_a",
    nextAttemptAt: START_MS,
    expiresAt: null,
    trigger: "event",
    jobId: null,
    bodyBytes: event.bodyBytes ?? 0,
    ...changes,
  };
}

/** What is asked of the store for one destination: its fresh deliveries, ten of them, unless told otherwise. */
export function due(now: number, changes: Partial<DueQuery> = {}): DueQuery {
  return { destinationId: "dst_a", class: "fresh", now, limit: 10, skipSeqs: [], ...changes };
}

/** An answered attempt and the step it led to. */
export function settlement(
  delivery: Delivery,
  at: number,
  step: { state: DeliveryState; nextAttemptAt?: number; reason?: string | null },
  attempt: Partial<Settlement["attempt"]> = {},
): Settlement {
  const number = delivery.attempts + 1;
  return {
    deliverySeq: delivery.seq,
    fence: null,
    attempt: {
      deliveryId: delivery.id,
      eventId: delivery.eventId,
      destinationId: delivery.destinationId,
      number,
      startedAt: at,
      durationMs: 12,
      request: { method: "POST", url: "https://receiver.example/hook", headers: ["content-type", "application/json"] },
      result: { kind: "response", status: step.state === "delivered" ? 200 : 500, headers: [], body: new Uint8Array(0), truncated: false },
      ...attempt,
    },
    step: {
      state: step.state,
      attempts: number,
      nextAttemptAt: step.state === "waiting" ? (step.nextAttemptAt ?? at) : null,
      reason: step.reason ?? null,
      finishedAt: step.state === "waiting" ? null : at,
    },
  };
}
