// POST /v1/jobs/{id}/cancel: what it has created so far goes on, nothing more is created.
import { ProblemError } from "../../errors.ts";
import { notFound } from "../problem.ts";
import { type Answer, type Call, json } from "../route.ts";
import { jobView } from "../views/job.ts";

export async function cancelJob({ api, id }: Call<unknown>): Promise<Answer> {
  const job = await api.store.job(id);
  if (job === null) throw notFound("job", id);
  // Cancelling twice is one cancel: that is what makes this POST repeatable without a record.
  if (job.status === "finished" || job.status === "failed") {
    throw new ProblemError("wrong_state", `The job has ${job.status === "failed" ? "failed" : "finished"} already.`);
  }
  const cancelled = job.status === "cancelled" ? job : await api.store.cancelJob(id, api.clock.now());
  if (cancelled === null) throw notFound("job", id);
  api.flow.jobChanged(cancelled);
  return json(202, jobView(cancelled));
}
