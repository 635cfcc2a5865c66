// Why a subscription did or did not take an event, asked afterwards: worked out from the version that was in force then.
import type { Event } from "../core/event.ts";
import type { MatchVerdict, Subscription } from "../core/subscription.ts";
import type { Store } from "../store/store.ts";
import { type Catalog, compileSubscription } from "./catalog.ts";
import { subscriptionFromDoc } from "./catalog-rows.ts";
import type { Explanation } from "./flow.ts";
import { createFilterInput, matchSubscription } from "./routing.ts";

/** One verdict for every subscription that exists today. Nothing is written at dispatch for events that do not match. */
export async function explainEvent({ store, catalog }: { store: Store; catalog: Catalog }, event: Event): Promise<Explanation[]> {
  const made = await store.deliveries({ limit: 250, cursor: null, since: null, until: null, eventId: event.id });
  // Those of a job are no sign that the subscription took the event when it came; a retry by hand changes the trigger, not the job.
  const delivered = new Set(made.data.filter((delivery) => delivery.jobId === null).map((delivery) => delivery.subscriptionId));
  const input = createFilterInput(event);
  const explanations: Explanation[] = [];
  for (const today of catalog.subscriptions()) {
    const { id, destinationId } = today;
    if (delivered.has(id)) {
      explanations.push({ subscriptionId: id, destinationId, verdict: { matched: true } });
      continue;
    }
    const then = await versionAt(store, today, event.receivedAt);
    explanations.push({ subscriptionId: id, destinationId: then.destinationId, verdict: verdictOf(then, event, input) });
  }
  return explanations;
}

/** The version in force at `time`: the first one that was replaced after it, or today's. */
async function versionAt(store: Store, today: Subscription, time: number): Promise<Subscription> {
  if (today.updatedAt <= time) return today;
  const revisions = await store.configRevisions("subscription", today.id);
  const then = revisions.find((revision) => revision.replacedAt > time);
  return then === undefined ? today : subscriptionFromDoc(then.doc);
}

function verdictOf(subscription: Subscription, event: Event, input: ReturnType<typeof createFilterInput>): MatchVerdict {
  if (subscription.createdAt > event.receivedAt) {
    return {
      matched: false,
      cause: "created_later",
      path: null,
      message: "The subscription was created after the event was received. A replay job with its id delivers earlier events to it.",
    };
  }
  return matchSubscription(compileSubscription(subscription), event, input);
}
