// PATCH /v1/sources/{id}: changes the given fields and leaves the rest.
import type { Source } from "../../core/source.ts";
import { answerSaved } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import type { SourceUpdate } from "../schemas/source.ts";
import { sourceFields } from "../source-fields.ts";
import { sourceView } from "../views/source.ts";

export function updateSource(call: Call<SourceUpdate>): Promise<Answer> {
  const { api, body, id } = call;
  const change = (source: Source): Source => ({ ...source, ...sourceFields(body), updatedAt: api.clock.now() });
  const view = (saved: Source) => sourceView(saved, call.baseUrl);
  return answerSaved(call, "source", 200, view, (remember) => api.catalog.updateSource(id, change, remember));
}
