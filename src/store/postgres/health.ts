// SQL of circuit breakers: one small row per destination whose breaker has ever moved.
import type { BreakerState } from "../../core/breaker.ts";
import type { DestinationHealth } from "../store.ts";
import type { Queries } from "./connection.ts";

const PUT = `
INSERT INTO destination_health (destination_id, breaker) VALUES ($1, $2)
ON CONFLICT (destination_id) DO UPDATE SET breaker = excluded.breaker`;
const ALL = "SELECT destination_id, breaker FROM destination_health";

export async function putDestinationHealth(queries: Queries, destinationId: string, breaker: BreakerState | null): Promise<void> {
  await queries.query(
    breaker === null
      ? { name: "forget-health", text: "DELETE FROM destination_health WHERE destination_id = $1", values: [destinationId] }
      : { name: "put-health", text: PUT, values: [destinationId, JSON.stringify(breaker)] },
  );
}

export async function destinationHealth(queries: Queries, destinationIds?: readonly string[]): Promise<DestinationHealth[]> {
  const rows = await queries.query(
    destinationIds === undefined
      ? { name: "health", text: `${ALL} ORDER BY destination_id` }
      : { name: "health-of", text: `${ALL} WHERE destination_id = ANY($1::text[]) ORDER BY destination_id`, values: [destinationIds] },
  );
  return rows.map(([id, breaker]) => ({ destinationId: id as string, breaker: JSON.parse(breaker as string) as BreakerState }));
}
