// GET /v1/requests: everything that came to the ingest URLs, the rejected ones with their cause.
import { answerStoredPage, resolveId } from "../answers.ts";
import { decodeCursor } from "../cursor.ts";
import type { Answer, Call } from "../route.ts";
import type { RequestQueryInput } from "../schemas/event.ts";
import { requestHeadView } from "../views/records.ts";

export async function listRequests({ api, query }: Call<undefined, RequestQueryInput>): Promise<Answer> {
  const { source, sourceId, cursor, limit, since, until, ...filter } = query;
  const page = await api.store.requests({
    ...filter,
    sourceId: resolveId("source", source, sourceId, api.catalog.sources()),
    limit,
    cursor: decodeCursor("requests", cursor),
    since: since ?? null,
    until: until ?? null,
  });
  return answerStoredPage(api, "requests", page, requestHeadView);
}
