// GET /v1/sources/{id}
import { answerFound } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import { sourceView } from "../views/source.ts";

export function getSource({ api, id, baseUrl }: Call): Answer {
  return answerFound("source", id, api.catalog.liveSource(id)?.source, (source) => sourceView(source, baseUrl));
}
