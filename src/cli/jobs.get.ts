// `posthorn jobs get`: one long operation.
import type { JobView } from "../http/schemas/job.ts";
import { statusPaint } from "./deliveries.list.ts";
import { deliveriesDone, progressText } from "./jobs.list.ts";
import { getCommand, type View } from "./resource.ts";
import { relativeText, renderPairs } from "./table.ts";

export const jobsGet = getCommand<JobView>({
  name: "jobs get",
  summary: "Show one job.",
  argument: "The job's id, job_...",
  path: (id) => `/v1/jobs/${id}`,
  print: (job, view) => view.terminal.out(jobText(job, view)),
  examples: [["posthorn jobs get job_06dq2ye2xk0ezc5bk9ztc3h9m7", "how far it is"]],
});

export function jobText(job: JobView, { terminal, nowMs }: View): string {
  return renderPairs(terminal, [
    ["id", job.id],
    ["kind", job.kind],
    ["status", { text: job.status, paint: statusPaint(terminal.outStyle, job.status) }],
    ["progress", progressText(job)],
    ["deliveries", `${deliveriesDone(job)} of ${job.deliveriesTotal}`],
    ["started", relativeText(job.createdAt, nowMs)],
    ["message", job.message],
  ]);
}
