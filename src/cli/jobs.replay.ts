// `posthorn jobs replay`: delivers stored events again, by filter.
import type { z } from "zod";
import type { JobView, jobPlan } from "../http/schemas/job.ts";
import { sleep } from "../system/clock.ts";
import { type Context, count, defineCommand, flag, moment, several, text } from "./command.ts";
import { connectionOptions } from "./connection.ts";
import { CliError, EXIT } from "./exit.ts";
import { jobText } from "./jobs.get.ts";
import { connect, printJson, timeParameter, viewOf } from "./resource.ts";
import type { ServerClient } from "./server-client.ts";

const POLL_INTERVAL_MS = 500;

export const jobsReplay = defineCommand({
  name: "jobs replay",
  summary: "Deliver stored events again, by filter.",
  description: "Events keep their ids, so receivers that had them before can tell. Look at what would happen with --dry-run first.",
  options: {
    event: several("id", "Only this event."),
    source: text("id", "Only events of this source."),
    tenant: text("id", "Only events of this tenant."),
    type: text("type", "Only events of this type; invoice.* takes every type that starts so."),
    key: text("key", "Only events with this ordering key."),
    since: moment("Only events received at or after this time."),
    until: moment("Only events received before this time."),
    subscription: text("id", "Only through this subscription: backfills one that was made later."),
    destination: text("id", "Only to this destination."),
    rate: count("number", "Events a second at most.", { min: 1, max: 1_000_000 }),
    dryRun: flag("say how many events and deliveries it would be, and do nothing"),
    wait: flag("wait until the job ends"),
    timeout: count("seconds", "Stop waiting after this time; the job goes on.", { min: 1, max: 86_400 }),
    ...connectionOptions,
  },
  examples: [
    [
      "posthorn jobs replay --since 2h --destination dst_06dq2ye2xk0ezc5bk9ztc3h9m7 --dry-run",
      "what a replay of the last two hours would do",
    ],
    ["posthorn jobs replay --subscription sub_06dq2ye2xk0ezc5bk9ztc3h9m7 --wait", "bring earlier events to a new subscription"],
  ],
  async run(context, { options }) {
    const { event, source, tenant, type, key, since, until, subscription, destination, rate, dryRun, wait, timeout, json } = options;
    const filter = {
      eventIds: event.length === 0 ? undefined : event,
      sourceId: source,
      tenantId: tenant,
      type,
      key,
      since: timeParameter(since),
      until: timeParameter(until),
      subscriptionId: subscription,
      destinationId: destination,
    };
    const client = await connect(context, options);
    const answer = await client.send<JobView | JobPlanView>("POST", "/v1/jobs", {
      kind: "replay",
      filter,
      ratePerSecond: rate,
      dryRun: dryRun ? true : undefined,
    });
    const { terminal } = context;
    if ("dryRun" in answer) {
      if (json) printJson(terminal, answer);
      else terminal.out(`It would take ${answer.events} events and make ${answer.deliveries} deliveries. Nothing was done.\n`);
      return EXIT.ok;
    }
    const job = wait ? await waitForJob(context, client, answer, timeout) : answer;
    if (json) printJson(terminal, job);
    else terminal.out(jobText(job, viewOf(context)));
    if (!wait && !json) terminal.err(`See how far it is with "posthorn jobs get ${job.id}".\n`);
    return wait && job.status !== "finished" ? EXIT.failure : EXIT.ok;
  },
});

type JobPlanView = z.output<typeof jobPlan>;

async function waitForJob(context: Context, client: ServerClient, started: JobView, timeoutSeconds: number | undefined): Promise<JobView> {
  const deadline = timeoutSeconds === undefined ? Number.POSITIVE_INFINITY : context.clock.now() + timeoutSeconds * 1000;
  let job = started;
  while (job.status === "running") {
    if (context.clock.now() >= deadline)
      throw new CliError(EXIT.timeout, `${job.id} still runs after ${timeoutSeconds} seconds; it goes on.`);
    await sleep(context.clock, POLL_INTERVAL_MS);
    job = await client.get<JobView>(`/v1/jobs/${job.id}`);
  }
  return job;
}
