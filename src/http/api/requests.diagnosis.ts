// GET /v1/requests/{id}/diagnosis: why a kept request verifies or not, and what to do about it.
import { notFound } from "../problem.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { RequestDiagnosisView } from "../schemas/event.ts";

export async function diagnoseStoredRequest({ api, id }: Call): Promise<Answer> {
  const record = await api.store.request(id);
  if (record === null) throw notFound("request", id);
  const { hints, ...diagnosis } = await api.flow.diagnose(record);
  return json(200, { ...diagnosis, hints: [...hints] } satisfies RequestDiagnosisView);
}
