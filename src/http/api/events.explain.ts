// GET /v1/events/{id}/explain: why each subscription did or did not take an event.
import type { Explanation } from "../../flow/flow.ts";
import { notFound } from "../problem.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { ExplanationView } from "../schemas/event.ts";

export async function explainEvent({ api, id }: Call): Promise<Answer> {
  const event = await api.store.event(id);
  if (event === null) throw notFound("event", id);
  const explanations = await api.flow.explain(event);
  return json(200, { data: explanations.map(explanationView) } satisfies ExplanationView);
}

function explanationView({ subscriptionId, destinationId, verdict }: Explanation): ExplanationView["data"][number] {
  if (verdict.matched) return { subscriptionId, destinationId, matched: true, cause: null, path: null, message: null };
  return { subscriptionId, destinationId, ...verdict };
}
