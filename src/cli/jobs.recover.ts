// `posthorn jobs recover`: gives failed deliveries a fresh schedule, by filter.
import { count, defineCommand, flag } from "./command.ts";
import { connectionOptions } from "./connection.ts";
import { deliveryFilter, deliveryOptions, startJob, startOptions } from "./job-start.ts";

export const jobsRecover = defineCommand({
  name: "jobs recover",
  summary: "Give failed deliveries a fresh schedule, by filter.",
  description:
    "Takes dead deliveries that have not expired; at least one option has to narrow them. Look at how many with --dry-run first.",
  options: {
    ...deliveryOptions("failed"),
    includeWaiting: flag("also deliveries that wait for another attempt after one that failed"),
    rate: count("number", "Deliveries a second at most.", { min: 1, max: 100_000 }),
    ...startOptions,
    ...connectionOptions,
  },
  examples: [
    ["posthorn jobs recover --destination dst_06dq2ye2xk0ezc5bk9ztc3h9m7 --since 1d --dry-run", "how much failed there since yesterday"],
    ["posthorn jobs recover --destination dst_06dq2ye2xk0ezc5bk9ztc3h9m7 --rate 20 --wait", "after the receiver was mended"],
  ],
  run(context, { options }) {
    const filter = { ...deliveryFilter(options), includeWaiting: options.includeWaiting ? true : undefined };
    return startJob(context, options, { kind: "recover", filter, ratePerSecond: options.rate });
  },
});
