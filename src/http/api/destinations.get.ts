// GET /v1/destinations/{id}: one destination, and how it fares.
import { answerFound } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import { destinationDetailView } from "../views/destination.ts";

export function getDestination({ api, id }: Call): Answer {
  return answerFound("destination", id, api.catalog.destination(id), (destination) =>
    destinationDetailView(destination, api.flow.destinationHealth(id)),
  );
}
