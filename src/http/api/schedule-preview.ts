// POST /v1/schedule-preview: when each attempt would be made with a policy that no destination has yet.
import { unsavedPreview } from "../retry-policy.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { SchedulePreviewCreate } from "../schemas/retry.ts";

export function previewSchedule({ api, body }: Call<SchedulePreviewCreate>): Answer {
  return json(200, unsavedPreview(body.retry, body.start ?? api.clock.now()));
}
