// GET /v1/events/{id}: everything of an event, with its headers and body as they came.
import { answerFound } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import { eventView } from "../views/records.ts";

export async function getEvent({ api, id }: Call): Promise<Answer> {
  return answerFound("event", id, await api.store.event(id), eventView);
}
