// GET /v1/destinations
import { pageOfList } from "../cursor.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { DestinationQuery } from "../schemas/destination.ts";
import { destinationView } from "../views/destination.ts";

export function listDestinations({ api, query }: Call<undefined, DestinationQuery>): Answer {
  const wanted = api.catalog.destinations().filter(({ tenantId }) => query.tenantId === undefined || tenantId === query.tenantId);
  return json(
    200,
    pageOfList("destinations", wanted, query, (destination) => destinationView(destination)),
  );
}
