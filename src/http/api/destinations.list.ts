// GET /v1/destinations
import { pageOfList } from "../cursor.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { DestinationQuery } from "../schemas/destination.ts";
import { destinationView } from "../views/destination.ts";

export function listDestinations({ api, query }: Call<undefined, DestinationQuery>): Answer {
  return json(
    200,
    pageOfList("destinations", api.catalog.destinations(), query, (destination) => destinationView(destination)),
  );
}
