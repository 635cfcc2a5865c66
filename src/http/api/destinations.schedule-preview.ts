// GET /v1/destinations/{id}/schedule-preview: when each attempt would be made if every one failed.
import { answerFound } from "../answers.ts";
import { previewView, unsavedPreview } from "../retry-policy.ts";
import type { Answer, Call } from "../route.ts";
import type { SchedulePreviewQuery } from "../schemas/retry.ts";

export function previewDestinationSchedule({ api, id, query }: Call<undefined, SchedulePreviewQuery>): Answer {
  const start = query.start ?? api.clock.now();
  return answerFound("destination", id, api.catalog.destination(id), ({ retry }) =>
    query.retry === undefined ? previewView(retry, start) : unsavedPreview(query.retry, start),
  );
}
