// GET /v1/requests/{id}: one request as it came, and what became of it.
import { answerFound } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import { requestView } from "../views/records.ts";

export async function getRequest({ api, id }: Call): Promise<Answer> {
  return answerFound("request", id, await api.store.request(id), requestView);
}
