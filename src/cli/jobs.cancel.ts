// `posthorn jobs cancel`: stops a long operation where it is.
import type { JobView } from "../http/schemas/job.ts";
import { actionCommand } from "./resource.ts";

export const jobsCancel = actionCommand<JobView>({
  name: "jobs cancel",
  summary: "Stop a job where it is.",
  description: 'What it has done so far stays; deliveries it made are cancelled with "posthorn jobs cancel-deliveries --job <id>".',
  argument: "The job's id, job_...; several may be given.",
  act: (client, id) => client.send("POST", `/v1/jobs/${id}/cancel`),
  told: (job, id) => `${id} is ${job.status}.`,
  examples: [["posthorn jobs cancel job_06dq2ye2xk0ezc5bk9ztc3h9m7", "stop a replay"]],
});
