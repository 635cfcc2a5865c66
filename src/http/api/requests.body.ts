// GET /v1/requests/{id}/body: the bytes that were kept.
import { headerValue } from "../../core/event.ts";
import { answerBody } from "../answers.ts";
import { notFound } from "../problem.ts";
import type { Answer, Call } from "../route.ts";

export async function getRequestBody({ api, id }: Call): Promise<Answer> {
  const record = await api.store.request(id);
  if (record === null) throw notFound("request", id);
  return answerBody(record.id, record.request.body, headerValue(record.request.headers, "content-type") ?? null);
}
