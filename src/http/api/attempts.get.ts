// GET /v1/attempts/{id}: the exact request and response of one try.
import { answerFound } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import { attemptView } from "../views/attempt.ts";

export async function getAttempt({ api, id }: Call): Promise<Answer> {
  return answerFound("attempt", id, await api.store.attempt(id), attemptView);
}
