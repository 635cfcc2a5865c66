// Starts a job for a command, or tells what it would do, and waits for its end when asked to.
import type { JobPlanView, JobView } from "../http/schemas/job.ts";
import { sleep } from "../system/clock.ts";
import { type Context, count, flag, moment, type OptionValues, text } from "./command.ts";
import type { ConnectionOptions } from "./connection.ts";
import { CliError, EXIT, type ExitCode } from "./exit.ts";
import { jobText } from "./jobs.get.ts";
import { connect, printJson, timeParameter, viewOf } from "./resource.ts";
import type { ServerClient } from "./server-client.ts";

const POLL_INTERVAL_MS = 500;

export const startOptions = {
  dryRun: flag("say how many it would be, and do nothing"),
  wait: flag("wait until the job ends"),
  timeout: count("seconds", "Stop waiting after this time; the job goes on.", { min: 1, max: 86_400 }),
};

/** Which deliveries a job is about; what the times bound differs from command to command. */
export const deliveryOptions = (timeOf: string) => ({
  destination: text("id", "Only deliveries to this destination."),
  tenant: text("id", "Only deliveries of this tenant's events."),
  source: text("id", "Only deliveries of this source's events."),
  subscription: text("id", "Only deliveries through this subscription."),
  type: text("type", "Only deliveries of events of this type; invoice.* takes every type that starts so."),
  since: moment(`Only what ${timeOf} at or after this time.`),
  until: moment(`Only what ${timeOf} before this time.`),
});

export function deliveryFilter(options: OptionValues<ReturnType<typeof deliveryOptions>>) {
  const { destination, tenant, source, subscription, type, since, until } = options;
  return {
    destinationId: destination,
    tenantId: tenant,
    sourceId: source,
    subscriptionId: subscription,
    type,
    since: timeParameter(since),
    until: timeParameter(until),
  };
}

interface JobRequest {
  kind: JobView["kind"];
  filter: Record<string, unknown>;
  ratePerSecond?: number | undefined;
}

type StartOptions = OptionValues<typeof startOptions> & ConnectionOptions;

export async function startJob(context: Context, options: StartOptions, request: JobRequest): Promise<ExitCode> {
  const { dryRun, wait, timeout, json } = options;
  const client = await connect(context, options);
  const answer = await client.send<JobView | JobPlanView>("POST", "/v1/jobs", { ...request, dryRun: dryRun ? true : undefined });
  const { terminal } = context;
  if ("dryRun" in answer) {
    if (json) printJson(terminal, answer);
    else terminal.out(`${planText(request.kind, answer)} Nothing was done.\n`);
    return EXIT.ok;
  }
  const job = wait ? await waitForJob(context, client, answer, timeout) : answer;
  if (json) printJson(terminal, job);
  else terminal.out(jobText(job, viewOf(context)));
  if (!wait && !json) terminal.err(`See how far it is with "posthorn jobs get ${job.id}".\n`);
  return wait && job.status !== "finished" ? EXIT.failure : EXIT.ok;
}

function planText(kind: JobRequest["kind"], plan: JobPlanView): string {
  switch (kind) {
    case "replay":
      return `It would take ${plan.events} events and make ${plan.deliveries} deliveries.`;
    case "recover":
      return `It would recover ${plan.deliveries} deliveries.`;
    case "cancel":
      return `It would cancel ${plan.deliveries} deliveries.`;
  }
}

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
