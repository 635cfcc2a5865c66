// POST /v1/deliveries/{id}/retry: one more attempt, now; also of one that has expired, because a person says so.
import { canRetry, orderAfterRetry } from "../../core/delivery.ts";
import { ProblemError } from "../../errors.ts";
import { commandDelivery } from "../delivery-command.ts";
import type { Answer, Call } from "../route.ts";

export function retryDelivery(call: Call<unknown>): Promise<Answer> {
  const at = call.api.clock.now();
  return commandDelivery(call, {
    command: { kind: "retry", at },
    allows(delivery) {
      if (call.api.catalog.destination(delivery.destinationId) === undefined) {
        throw new ProblemError("wrong_state", "The destination of this delivery was deleted.");
      }
      return canRetry(delivery.state);
    },
    after: (delivery) => ({
      ...delivery,
      state: "waiting",
      nextAttemptAt: at,
      expiresAt: null,
      finishedAt: null,
      order: orderAfterRetry(delivery),
    }),
    refusal: "A cancelled delivery stays cancelled; replay its event instead.",
  });
}
