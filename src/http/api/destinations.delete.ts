// DELETE /v1/destinations/{id}: what still waits for it is cancelled; what happened stays to look up.
import { answerRemoved } from "../answers.ts";
import type { Answer, Call } from "../route.ts";

export async function deleteDestination({ api, id }: Call): Promise<Answer> {
  const answer = answerRemoved("destination", id, await api.catalog.remove("destination", id));
  api.flow.destinationChanged(id);
  return answer;
}
