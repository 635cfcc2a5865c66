// POST /v1/destinations/{id}/disable: switches it off with a reason; deliveries are parked, never dropped.
import { withState } from "../../flow/catalog.ts";
import { changeDestination } from "../destination-change.ts";
import type { Answer, Call } from "../route.ts";
import type { DestinationDisable } from "../schemas/destination.ts";

export function disableDestination(call: Call<DestinationDisable>): Promise<Answer> {
  const reason = call.body?.reason ?? "Disabled by a person.";
  return changeDestination(call, (current, now) => withState(current, { kind: "disabled", since: now, reason }, now));
}
