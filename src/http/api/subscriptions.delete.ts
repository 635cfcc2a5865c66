// DELETE /v1/subscriptions/{id}: no new deliveries; the ones under way go on.
import { answerRemoved } from "../answers.ts";
import type { Answer, Call } from "../route.ts";

export async function deleteSubscription({ api, id }: Call): Promise<Answer> {
  return answerRemoved("subscription", id, await api.catalog.remove("subscription", id));
}
