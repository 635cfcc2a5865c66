// GET /v1/subscriptions/{id}
import { answerFound } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import { subscriptionView } from "../views/records.ts";

export function getSubscription({ api, id }: Call): Answer {
  return answerFound("subscription", id, api.catalog.subscription(id), subscriptionView);
}
