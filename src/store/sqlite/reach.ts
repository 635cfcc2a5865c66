// SQL of where events have got to: which destinations have a delivery of them.
import type { DatabaseSync } from "node:sqlite";
import type { EventReach } from "../store.ts";
import { STATES } from "../rows.ts";

export function createReachReads(database: DatabaseSync) {
  const reach = database.prepare(
    "SELECT event_seq, destination_id, state FROM deliveries WHERE event_seq IN (SELECT value FROM json_each(?)) ORDER BY seq",
  );
  reach.setReturnArrays(true);
  const dispatchedThrough = database.prepare("SELECT value FROM progress WHERE name = 'dispatched_through'");
  return {
    reachOfEvents(eventSeqs: number[]): { reached: EventReach[]; undispatched: number[] } {
      const { value: through } = dispatchedThrough.get() as { value: number };
      const rows = reach.all(JSON.stringify(eventSeqs)) as unknown as [number, string, number][];
      return {
        reached: rows.map(([eventSeq, destinationId, state]) => ({ eventSeq, destinationId, state: STATES[state]! })),
        undispatched: eventSeqs.filter((seq) => seq > through),
      };
    },
  };
}
