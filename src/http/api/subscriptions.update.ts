// PATCH /v1/subscriptions/{id}: changes the given fields; events that were dispatched before stay as they are.
import type { Subscription } from "../../core/subscription.ts";
import { answerSaved } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import type { SubscriptionUpdate } from "../schemas/subscription.ts";
import { subscriptionView } from "../views/records.ts";

export function updateSubscription(call: Call<SubscriptionUpdate>): Promise<Answer> {
  const { api, body, id } = call;
  const { transform: _refused, ...given } = body;
  const fields: Partial<Subscription> = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const change = (current: Subscription): Subscription => ({ ...current, ...fields, updatedAt: api.clock.now() });
  return answerSaved(call, "subscription", 200, subscriptionView, (remember) => api.catalog.updateSubscription(id, change, remember));
}
