// GET /v1/attempts: newest first.
import { answerStoredPage, resolveId } from "../answers.ts";
import { decodeCursor } from "../cursor.ts";
import type { Answer, Call } from "../route.ts";
import type { AttemptQueryInput } from "../schemas/delivery.ts";
import { attemptView } from "../views/attempt.ts";

export async function listAttempts({ api, query }: Call<undefined, AttemptQueryInput>): Promise<Answer> {
  const { destination, destinationId, cursor, since, until, ...plain } = query;
  const page = await api.store.attempts({
    ...plain,
    destinationId: resolveId("destination", destination, destinationId, api.catalog.destinations()),
    cursor: decodeCursor("attempts", cursor),
    since: since ?? null,
    until: until ?? null,
  });
  return answerStoredPage(api, "attempts", page, attemptView);
}
