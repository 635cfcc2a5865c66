// The one way routes change a destination that exists: save, then tell the worker.
import type { Destination } from "../core/destination.ts";
import { answerSaved } from "./answers.ts";
import type { Answer, Call } from "./route.ts";
import { destinationView } from "./views/destination.ts";

/** `secret` is shown in the answer: one that was just made. */
export async function changeDestination(
  call: Call<unknown, unknown>,
  change: (destination: Destination, now: number) => Destination,
  secret: string | null = null,
): Promise<Answer> {
  const { api, id } = call;
  const now = api.clock.now();
  const view = (saved: Destination) => destinationView(saved, secret ?? undefined);
  const answer = await answerSaved(call, "destination", 200, view, (remember) =>
    api.catalog.updateDestination(id, (current) => change(current, now), remember),
  );
  api.flow.destinationChanged(id);
  return answer;
}
