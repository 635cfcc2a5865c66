// GET /v1/jobs: newest first.
import { answerPage } from "../answers.ts";
import { decodeCursor } from "../cursor.ts";
import type { Answer, Call } from "../route.ts";
import type { JobQuery } from "../schemas/job.ts";
import { jobView } from "../views/job.ts";

export async function listJobs({ api, query }: Call<undefined, JobQuery>): Promise<Answer> {
  const page = await api.store.jobs({ limit: query.limit, cursor: decodeCursor("jobs", query.cursor), since: null, until: null });
  return answerPage("jobs", page, jobView);
}
