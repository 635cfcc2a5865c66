// What the flow counts for /metrics: plain numbers, incremented where things happen.
import type { RejectionCause } from "../core/source.ts";

export interface Counters {
  accepted: number;
  /** Requests, and items of split requests. */
  duplicates: number;
  handshakes: number;
  rejected: Map<RejectionCause, number>;
  /** Attempts by what they came to: `2xx`, `4xx`, … or the failure's class. */
  attempts: Map<string, number>;
  /** Outcomes that were refused, because another node had taken the delivery over. */
  fenced: number;
}

export function createCounters(): Counters {
  return { accepted: 0, duplicates: 0, handshakes: 0, rejected: new Map(), attempts: new Map(), fenced: 0 };
}

export function count<K>(map: Map<K, number>, key: K): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
