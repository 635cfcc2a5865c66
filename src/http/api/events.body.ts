// GET /v1/events/{id}/body: the exact bytes.
import { headerValue } from "../../core/event.ts";
import { answerBody } from "../answers.ts";
import { notFound } from "../problem.ts";
import type { Answer, Call } from "../route.ts";

export async function getEventBody({ api, id }: Call): Promise<Answer> {
  const event = await api.store.event(id);
  if (event === null) throw notFound("event", id);
  return answerBody(event.id, event.request.body, headerValue(event.request.headers, "content-type") ?? null);
}
