// GET /v1/destinations/{id}/schedule-preview: when each attempt would be made if every one failed.
import { previewSchedule } from "../../core/retry-schedule.ts";
import { answerFound } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import type { SchedulePreviewQuery } from "../schemas/destination.ts";
import { timeView } from "../views/times.ts";

export function previewDestinationSchedule({ api, id, query }: Call<undefined, SchedulePreviewQuery>): Answer {
  return answerFound("destination", id, api.catalog.destination(id), ({ retry }) => ({
    attempts: previewSchedule(retry, query.start ?? api.clock.now()).map(({ number, atMs, earliestMs, latestMs }) => ({
      number,
      at: timeView(atMs),
      earliest: timeView(earliestMs),
      latest: timeView(latestMs),
    })),
  }));
}
