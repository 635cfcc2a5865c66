// POST /v1/destinations/{id}/pause: deliveries wait and nothing is lost.
import { ProblemError } from "../../errors.ts";
import { withState } from "../../flow/catalog.ts";
import { changeDestination } from "../destination-change.ts";
import type { Answer, Call } from "../route.ts";

export function pauseDestination(call: Call<unknown>): Promise<Answer> {
  return changeDestination(call, (current, now) => {
    if (current.state.kind === "disabled") {
      throw new ProblemError("wrong_state", "A disabled destination takes nothing already; resume it to make it active.");
    }
    return withState(current, { kind: "paused", since: now }, now);
  });
}
