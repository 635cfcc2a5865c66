// A delivery: one event on its way to one destination. Its states, and the only transitions between them.
import type { AttemptFacts } from "./attempt-facts.ts";

export type DeliveryState = "waiting" | "delivered" | "dead" | "cancelled";

/** Why one stands behind another that belongs behind it. */
export const LATE_REASON = "It came late: a later one of its key had been let go.";

/** Added to why one waits again that had its turn in an order. */
export const OUT_OF_ORDER = "It had its turn, so it goes out of its order.";

/** What started an attempt or a delivery. */
export type DeliveryTrigger = "event" | "replay" | "recover" | "manual";

/** The place of a delivery in the order of its destination. */
export interface DeliveryOrder {
  /** Deliveries of one destination with one key go one after another; empty where everything is one line. */
  key: string;
  /** It goes after one that belongs behind it: it came when that one had been let go, or was retried by hand after its turn. */
  late: boolean;
  /** An earlier one of its line waits still, and this one must not be attempted. */
  blocked: boolean;
}

export interface Delivery {
  id: string;
  seq: number;
  eventId: string;
  eventSeq: number;
  destinationId: string;
  subscriptionId: string | null;
  state: DeliveryState;
  /** Attempts made so far. */
  attempts: number;
  /** Those of them that were made before its present schedule began: recovering one starts a fresh schedule. */
  attemptsBefore: number;
  /** When the next attempt is due, in ms since the Unix epoch; null in final states. */
  nextAttemptAt: number | null;
  /** No attempt begins at this time or later; null for no bound. */
  expiresAt: number | null;
  /** Why it is in this state, in one plain sentence; null before the first attempt. */
  reason: string | null;
  trigger: DeliveryTrigger;
  jobId: string | null;
  /** Null for one that waits for no other. */
  order: DeliveryOrder | null;
  createdAt: number;
  /** When it reached a final state. */
  finishedAt: number | null;
}

export interface Attempt {
  id: string;
  deliveryId: string;
  eventId: string;
  destinationId: string;
  /** 1 for the first try. */
  number: number;
  startedAt: number;
  durationMs: number;
  request: { method: string; url: string; headers: string[] };
  result:
    | { kind: "response"; status: number; headers: string[]; body: Uint8Array; truncated: boolean }
    | { kind: "failure"; failure: string; message: string };
  /** Absent when nothing was sent, and on attempts of a version that did not keep any. */
  facts?: AttemptFacts;
}

/** What the next state of a delivery is after one attempt or one command. */
export interface DeliveryStep {
  state: DeliveryState;
  attempts: number;
  nextAttemptAt: number | null;
  reason: string | null;
  finishedAt: number | null;
}

/** Whether a person may start another attempt: every state but a cancelled one, which was a decision. */
export function canRetry(state: DeliveryState): boolean {
  switch (state) {
    case "waiting":
    case "dead":
    case "delivered":
      return true;
    case "cancelled":
      return false;
  }
}

/** The order of a delivery after a retry by hand: one that still waits keeps its place, one that had its turn goes out of line. */
export function orderAfterRetry({ state, order }: Pick<Delivery, "state" | "order">): DeliveryOrder | null {
  return order === null || state === "waiting" ? order : { ...order, late: true };
}

/** Cancelling is for deliveries that still have work ahead. */
export function canCancel(state: DeliveryState): boolean {
  return state === "waiting";
}
