// POST /v1/deliveries/{id}/cancel: no further attempts.
import { canCancel } from "../../core/delivery.ts";
import { commandDelivery } from "../delivery-command.ts";
import type { Answer, Call } from "../route.ts";

const REASON = "Cancelled by a person.";

export function cancelDelivery(call: Call<unknown>): Promise<Answer> {
  const at = call.api.clock.now();
  return commandDelivery(call, {
    command: { kind: "cancel", at, reason: REASON },
    allows: ({ state }) => canCancel(state),
    after: (delivery) => ({ ...delivery, state: "cancelled", nextAttemptAt: null, finishedAt: at, reason: REASON }),
    refusal: "Only a delivery that still waits can be cancelled.",
  });
}
