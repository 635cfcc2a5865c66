// POST /v1/subscriptions: from the next event on, what matches goes to the destination.
import { newId } from "../../core/id.ts";
import type { Subscription } from "../../core/subscription.ts";
import { answerSaved } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import type { SubscriptionCreate } from "../schemas/subscription.ts";
import { subscriptionView } from "../views/records.ts";

export function createSubscription(call: Call<SubscriptionCreate>): Promise<Answer> {
  const { api, body } = call;
  const now = api.clock.now();
  const subscription: Subscription = {
    id: newId(api.ids, "sub"),
    name: body.name ?? null,
    enabled: body.enabled ?? true,
    sourceId: body.sourceId ?? null,
    tenantId: body.tenantId ?? null,
    eventTypes: body.eventTypes ?? [],
    channels: body.channels ?? [],
    filter: body.filter ?? null,
    delayMs: body.delayMs ?? 0,
    expireAfterMs: body.expireAfterMs ?? null,
    destinationId: body.destinationId,
    createdAt: now,
    updatedAt: now,
  };
  return answerSaved(call, "subscription", 201, subscriptionView, (remember) => api.catalog.saveSubscription(subscription, remember));
}
