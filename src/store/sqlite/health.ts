// SQL of circuit breakers: one small row per destination whose breaker has ever moved.
import type { DatabaseSync } from "node:sqlite";
import type { BreakerState } from "../../core/breaker.ts";
import type { DestinationHealth } from "../store.ts";

export function createHealthWrites(database: DatabaseSync) {
  const put = database.prepare(
    "INSERT INTO destination_health (destination_id, breaker) VALUES (?1, ?2) ON CONFLICT (destination_id) DO UPDATE SET breaker = ?2",
  );
  const remove = database.prepare("DELETE FROM destination_health WHERE destination_id = ?");
  return {
    putDestinationHealth(destinationId: string, breaker: BreakerState | null): void {
      if (breaker === null) remove.run(destinationId);
      else put.run(destinationId, JSON.stringify(breaker));
    },
  };
}

export function createHealthReads(database: DatabaseSync) {
  const all = database.prepare("SELECT destination_id AS id, breaker FROM destination_health ORDER BY destination_id");
  return {
    destinationHealth: (): DestinationHealth[] =>
      (all.all() as { id: string; breaker: string }[]).map(({ id, breaker }) => ({
        destinationId: id,
        breaker: JSON.parse(breaker) as BreakerState,
      })),
  };
}
