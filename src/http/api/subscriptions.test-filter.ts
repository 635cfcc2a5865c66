// POST /v1/subscriptions/test-filter: tries a filter on a stored event or on given input, and says why not.
import { compileFilter, type FilterVerdict } from "../../core/filter.ts";
import { checkFilter } from "../../flow/catalog-subscription.ts";
import { createFilterInput } from "../../flow/routing.ts";
import { invalid, notFound } from "../problem.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { FilterTest } from "../schemas/subscription.ts";

export async function testFilter({ api, body }: Call<FilterTest>): Promise<Answer> {
  const compiled = compileFilter(body.filter);
  if (!compiled.ok) throw invalid(checkFilter(body.filter, "filter"));
  if (body.eventId !== undefined) {
    const event = await api.store.event(body.eventId);
    if (event === null) throw notFound("event", body.eventId);
    return json(200, verdictView(compiled.filter.evaluate(createFilterInput(event))));
  }
  const { input } = body;
  const verdict = compiled.filter.evaluate({
    body: input?.body,
    headers: lowerCased(input?.headers ?? {}),
    query: input?.query ?? {},
    path: input?.path ?? "",
    event: input?.event ?? {},
  });
  return json(200, verdictView(verdict));
}

function verdictView(verdict: FilterVerdict) {
  switch (verdict.matched) {
    case true:
      return { matched: true, error: false, path: null, message: null };
    case false:
      return { matched: false, error: false, path: verdict.reason.path, message: verdict.reason.message };
    case "error":
      return { matched: false, error: true, path: verdict.error.path, message: verdict.error.message };
  }
}

/** Filters name headers in lower case, as they are in real events. */
function lowerCased<T>(headers: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
