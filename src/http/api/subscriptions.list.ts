// GET /v1/subscriptions
import { resolveId } from "../answers.ts";
import { pageOfList } from "../cursor.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { SubscriptionQuery } from "../schemas/subscription.ts";
import { subscriptionView } from "../views/records.ts";

export function listSubscriptions({ api, query }: Call<undefined, SubscriptionQuery>): Answer {
  const sourceId = resolveId("source", query.source, query.sourceId, api.catalog.sources());
  const destinationId = resolveId("destination", query.destination, query.destinationId, api.catalog.destinations());
  const wanted = api.catalog
    .subscriptions()
    .filter(
      (one) =>
        (query.tenantId === undefined || one.tenantId === query.tenantId) &&
        (sourceId === undefined || one.sourceId === sourceId) &&
        (destinationId === undefined || one.destinationId === destinationId),
    );
  return json(200, pageOfList("subscriptions", wanted, query, subscriptionView));
}
