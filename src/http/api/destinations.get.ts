// GET /v1/destinations/{id}
import { answerFound } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import { destinationView } from "../views/destination.ts";

export function getDestination({ api, id }: Call): Answer {
  return answerFound("destination", id, api.catalog.destination(id), (destination) => destinationView(destination));
}
