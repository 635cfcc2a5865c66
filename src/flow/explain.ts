// Why a subscription did or did not take an event, asked afterwards: worked out from the version that was in force then.
import type { Event } from "../core/event.ts";
import type { MatchVerdict, Subscription } from "../core/subscription.ts";
import type { Store } from "../store/store.ts";
import { type Catalog, compileSubscription } from "./catalog.ts";
import { subscriptionFromDoc } from "./catalog-rows.ts";
import type { Explanation } from "./flow.ts";
import { LARGE_BODY_BYTES, type LargeBodies } from "./large-bodies.ts";
import { createFilterInput, matchSubscription } from "./routing.ts";

interface ExplainOptions {
  store: Store;
  catalog: Catalog;
  largeBodies: LargeBodies;
}

/** One verdict for every subscription that exists today. Nothing is written at dispatch for events that do not match. */
export async function explainEvent({ store, catalog, largeBodies }: ExplainOptions, event: Event): Promise<Explanation[]> {
  const made = await store.deliveries({ limit: 250, cursor: null, since: null, until: null, eventId: event.id });
  // Those of a job are no sign that the subscription took the event when it came; a retry by hand changes the trigger, not the job.
  const delivered = new Set(made.data.filter((delivery) => delivery.jobId === null).map((delivery) => delivery.subscriptionId));
  const then = await Promise.all(catalog.subscriptions().map((today) => versionAt(store, today, event.receivedAt)));
  const verdicts = await verdictsOf(then, event, largeBodies);
  return then.map((subscription, index) => ({
    subscriptionId: subscription.id,
    destinationId: subscription.destinationId,
    verdict: delivered.has(subscription.id) ? { matched: true } : createdLater(subscription, event) ? CREATED_LATER : verdicts[index]!,
  }));
}

/** The version in force at `time`: the first one that was replaced after it, or today's. */
async function versionAt(store: Store, today: Subscription, time: number): Promise<Subscription> {
  if (today.updatedAt <= time) return today;
  const revisions = await store.configRevisions("subscription", today.id);
  const then = revisions.find((revision) => revision.replacedAt > time);
  return then === undefined ? today : subscriptionFromDoc(then.doc);
}

async function verdictsOf(subscriptions: Subscription[], event: Event, largeBodies: LargeBodies): Promise<MatchVerdict[]> {
  if (event.bodyBytes > LARGE_BODY_BYTES) return largeBodies.verdicts(subscriptions, event);
  const input = createFilterInput(event);
  return subscriptions.map((subscription) => matchSubscription(compileSubscription(subscription), event, input));
}

function createdLater(subscription: Subscription, event: Event): boolean {
  return subscription.createdAt > event.receivedAt;
}

const CREATED_LATER: MatchVerdict = {
  matched: false,
  cause: "created_later",
  path: null,
  message: "The subscription was created after the event was received. A replay job with its id delivers earlier events to it.",
};
