// Which subscriptions take an event: asked by dispatch and by replay.
import type { Event } from "../core/event.ts";
import type { Subscription } from "../core/subscription.ts";
import type { LiveSubscription } from "./catalog-subscription.ts";
import { LARGE_BODY_BYTES, type LargeBodies } from "./large-bodies.ts";
import { createFilterInput, matchSubscription } from "./routing.ts";

/** At once for an ordinary body; a promise when a filter has to look into a large one. */
export function takersOf(
  candidates: readonly LiveSubscription[],
  event: Event,
  largeBodies: LargeBodies,
): Subscription[] | Promise<Subscription[]> {
  if (event.bodyBytes > LARGE_BODY_BYTES && candidates.some((live) => live.filter?.needsBody === true)) {
    return takersOfLarge(candidates, event, largeBodies);
  }
  const input = createFilterInput(event);
  const taking: Subscription[] = [];
  for (const live of candidates) {
    if (matchSubscription(live, event, input).matched) taking.push(live.subscription);
  }
  return taking;
}

async function takersOfLarge(candidates: readonly LiveSubscription[], event: Event, largeBodies: LargeBodies): Promise<Subscription[]> {
  const subscriptions = candidates.map((live) => live.subscription);
  const verdicts = await largeBodies.verdicts(subscriptions, event);
  return subscriptions.filter((_, index) => verdicts[index]?.matched === true);
}
