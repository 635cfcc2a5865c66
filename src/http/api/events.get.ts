// GET /v1/events/{id}: everything of an event, with its headers and body as they came.
import { CLOUD_EVENT_TYPE, cloudEventJson } from "../../core/cloud-event.ts";
import { answerFound } from "../answers.ts";
import { notFound } from "../problem.ts";
import type { Answer, Call } from "../route.ts";
import type { EventFormat } from "../schemas/event.ts";
import { eventView } from "../views/records.ts";

export async function getEvent({ api, id, query }: Call<undefined, EventFormat>): Promise<Answer> {
  const event = await api.store.event(id);
  if (query.format !== "cloudevents") return answerFound("event", id, event, eventView);
  if (event === null) throw notFound("event", id);
  const source = api.catalog.sources().find((one) => one.id === event.sourceId);
  // As bytes, because fastify adds a charset to texts.
  const body = Buffer.from(cloudEventJson(event, source?.name ?? null), "utf8");
  return { kind: "bytes", status: 200, contentType: CLOUD_EVENT_TYPE, body };
}
