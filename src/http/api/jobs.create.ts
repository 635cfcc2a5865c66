// POST /v1/jobs: starts a replay of stored events, or says what it would do.
import { newId } from "../../core/id.ts";
import type { Job } from "../../core/job.ts";
import type { FieldProblem } from "../../errors.ts";
import { invalid } from "../problem.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { JobCreate } from "../schemas/job.ts";
import { jobView } from "../views/records.ts";

export async function createJob(call: Call<JobCreate>): Promise<Answer> {
  const { api, body } = call;
  const problems = checkTargets(call);
  if (problems.length > 0) throw invalid(problems);
  const now = api.clock.now();
  const plan = await api.flow.planReplay(body.filter, now);
  if (body.dryRun === true) return json(200, { dryRun: true, ...plan });
  const job: Job = {
    id: newId(api.ids, "job"),
    kind: "replay",
    status: "running",
    filter: body.filter,
    ratePerSecond: body.ratePerSecond ?? null,
    through: now,
    cursor: null,
    eventsSeen: 0,
    deliveriesCreated: 0,
    eventsTotal: plan.events,
    message: null,
    createdAt: now,
    updatedAt: now,
    finishedAt: null,
  };
  const view = jobView(job);
  const outcome = await api.store.putJob(job, call.remember(201, view));
  if (outcome.kind === "repeated") return call.repeat(outcome.record);
  api.flow.jobChanged(job);
  return json(201, view);
}

/** A replay through something that does not exist would quietly do nothing. */
function checkTargets({ api, body }: Call<JobCreate>): FieldProblem[] {
  const { subscriptionId, destinationId, since, until } = body.filter;
  const problems: FieldProblem[] = [];
  if (subscriptionId !== undefined && api.catalog.subscription(subscriptionId) === undefined) {
    problems.push({ path: "filter.subscriptionId", message: "There is no subscription with this id." });
  }
  if (destinationId !== undefined && api.catalog.destination(destinationId) === undefined) {
    problems.push({ path: "filter.destinationId", message: "There is no destination with this id." });
  }
  if (since !== undefined && until !== undefined && since >= until)
    problems.push({ path: "filter.until", message: "This must be later than since." });
  return problems;
}
