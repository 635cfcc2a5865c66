// GET /v1/jobs/{id}: how far a job is.
import { answerFound } from "../answers.ts";
import type { Answer, Call } from "../route.ts";
import { jobView } from "../views/job.ts";

export async function getJob({ api, id }: Call): Promise<Answer> {
  return answerFound("job", id, await api.store.job(id), jobView);
}
