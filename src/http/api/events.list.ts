// GET /v1/events: newest first, without bodies.
import { answerStoredPage, resolveId } from "../answers.ts";
import { decodeCursor } from "../cursor.ts";
import type { Answer, Call } from "../route.ts";
import type { EventQueryInput } from "../schemas/event.ts";
import { eventHeadView } from "../views/records.ts";

export async function listEvents({ api, query }: Call<undefined, EventQueryInput>): Promise<Answer> {
  const { source, sourceId, cursor, limit, since, until, ...filter } = query;
  const page = await api.store.events({
    ...filter,
    sourceId: resolveId("source", source, sourceId, api.catalog.sources()),
    limit,
    cursor: decodeCursor("events", cursor),
    since: since ?? null,
    until: until ?? null,
  });
  return answerStoredPage(api, "events", page, eventHeadView);
}
