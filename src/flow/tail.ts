// tail: the live view of the flow for CLI and dashboard. It never slows a producer: a slow listener loses entries and is told how many.
import type { RejectionCause } from "../core/source.ts";

export type TailEntry =
  | { kind: "request.rejected"; at: number; sourceId: string | null; cause: RejectionCause; method: string }
  | { kind: "request.handshake"; at: number; sourceId: string | null; method: string; message: string }
  | { kind: "request.duplicate"; at: number; sourceId: string | null; eventId: string; requestId: string }
  | { kind: "event.accepted"; at: number; sourceId: string | null; eventId: string; type: string; bodyBytes: number }
  | { kind: "event.dispatched"; at: number; eventId: string; deliveries: number }
  | {
      kind: "delivery.attempted";
      at: number;
      deliveryId: string;
      eventId: string;
      destinationId: string;
      number: number;
      /** HTTP status, or null when there was no response. */
      status: number | null;
      failure: string | null;
      durationMs: number;
      state: string;
      nextAttemptAt: number | null;
    };

export interface Tail {
  /** True when somebody listens; producers skip building entries otherwise. */
  readonly active: boolean;
  emit(entry: TailEntry): void;
  /** Calls `listener` for every entry until the returned function is called. */
  listen(listener: (entry: TailEntry) => void): () => void;
}

export function createTail(): Tail {
  const listeners = new Set<(entry: TailEntry) => void>();
  return {
    get active() {
      return listeners.size > 0;
    },
    emit(entry) {
      for (const listener of listeners) listener(entry);
    },
    listen(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
