// `posthorn jobs cancel-deliveries`: ends deliveries that wait, by filter.
import { defineCommand, text } from "./command.ts";
import { connectionOptions } from "./connection.ts";
import { deliveryFilter, deliveryOptions, startJob, startOptions } from "./job-start.ts";

export const jobsCancelDeliveries = defineCommand({
  name: "jobs cancel-deliveries",
  summary: "Cancel deliveries that wait, by filter.",
  description: "At least one option has to narrow them. Look at how many with --dry-run first; what was cancelled stays so.",
  options: {
    ...deliveryOptions("was made"),
    job: text("id", "Only deliveries that this job made."),
    ...startOptions,
    ...connectionOptions,
  },
  examples: [
    ["posthorn jobs cancel-deliveries --job job_06dq2ye2xk0ezc5bk9ztc3h9m7", "take a replay back, as far as it still waits"],
    [
      "posthorn jobs cancel-deliveries --destination dst_06dq2ye2xk0ezc5bk9ztc3h9m7 --type 'test.*' --dry-run",
      "how many test events wait there",
    ],
  ],
  run: (context, { options }) => startJob(context, options, { kind: "cancel", filter: { ...deliveryFilter(options), jobId: options.job } }),
});
