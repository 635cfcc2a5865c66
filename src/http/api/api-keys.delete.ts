// DELETE /v1/api-keys/{id}: the key stops working at once.
import { ProblemError } from "../../errors.ts";
import { answerRemoved } from "../answers.ts";
import type { Answer, Call } from "../route.ts";

export async function deleteApiKey({ api, id }: Call): Promise<Answer> {
  if (api.catalog.apiKeys().some((key) => key.id === id && key.origin === "preset")) {
    throw new ProblemError(
      "wrong_state",
      "This key comes from the settings and would be back at the next start; change POSTHORN_API_KEY instead.",
    );
  }
  return answerRemoved("API key", id, await api.catalog.remove("apiKey", id));
}
