// POST /v1/jobs: starts a replay, a recovery or a cancel of many deliveries, or says what it would do.
import { newId } from "../../core/id.ts";
import { newJob } from "../../core/job.ts";
import type { FieldProblem } from "../../errors.ts";
import { invalid } from "../problem.ts";
import { type Answer, type Call, json } from "../route.ts";
import type { JobCreate } from "../schemas/job.ts";
import { jobPlanView, jobView } from "../views/job.ts";

export async function createJob(call: Call<JobCreate>): Promise<Answer> {
  const { api, body } = call;
  const problems = checkTargets(call);
  if (problems.length > 0) throw invalid(problems);
  const now = api.clock.now();
  const plan = await api.flow.planJob(body, now);
  if (body.dryRun === true) return json(200, jobPlanView(plan));
  const ratePerSecond = body.kind === "cancel" ? null : (body.ratePerSecond ?? null);
  const job = newJob(taskOf(body), { id: newId(api.ids, "job"), ratePerSecond, plan, now });
  const view = jobView(job);
  const outcome = await api.store.putJob(job, call.remember(201, view));
  if (outcome.kind === "repeated") return call.repeat(outcome.record);
  api.flow.jobChanged(job);
  return json(201, view);
}

/** Without the fields that only say how to start it. */
function taskOf(body: JobCreate) {
  switch (body.kind) {
    case "replay":
      return { kind: body.kind, filter: body.filter };
    case "recover":
      return { kind: body.kind, filter: body.filter };
    case "cancel":
      return { kind: body.kind, filter: body.filter };
  }
}

/** A job on something that does not exist would quietly do nothing. Deliveries outlive their subscription, so only a replay needs that. */
function checkTargets({ api, body }: Call<JobCreate>): FieldProblem[] {
  const { subscriptionId, destinationId, since, until } = body.filter;
  const problems: FieldProblem[] = [];
  if (body.kind === "replay" && subscriptionId !== undefined && api.catalog.subscription(subscriptionId) === undefined) {
    problems.push({ path: "filter.subscriptionId", message: "There is no subscription with this id." });
  }
  if (destinationId !== undefined && api.catalog.destination(destinationId) === undefined) {
    problems.push({ path: "filter.destinationId", message: "There is no destination with this id." });
  }
  // A slip would otherwise take up everything there is; a replay of everything is at worst a repetition.
  const narrowing = Object.keys(body.filter).filter((name) => name !== "includeWaiting");
  if (body.kind !== "replay" && narrowing.length === 0) {
    problems.push({ path: "filter", message: "Name at least one field that narrows it." });
  }
  if (since !== undefined && until !== undefined && since >= until)
    problems.push({ path: "filter.until", message: "This must be later than since." });
  return problems;
}
