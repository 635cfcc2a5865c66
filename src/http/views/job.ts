// Jobs and their plans as they are shown, one shape for each kind.
import type { Job, JobPlan } from "../../core/job.ts";
import type { JobPlanView, JobView } from "../schemas/job.ts";
import { timeView, timeViewOrNull } from "./times.ts";

export function jobView(job: Job): JobView {
  const facts = {
    id: job.id,
    status: job.status,
    ratePerSecond: job.ratePerSecond,
    progress: progressOf(job),
    deliveriesTotal: job.deliveriesTotal,
    message: job.message,
    createdAt: timeView(job.createdAt),
    updatedAt: timeView(job.updatedAt),
    finishedAt: timeViewOrNull(job.finishedAt),
  };
  switch (job.kind) {
    case "replay": {
      const { kind, eventsSeen, eventsTotal, deliveriesDone } = job;
      return { ...facts, kind, filter: filterView(job.filter), eventsSeen, eventsTotal, deliveriesCreated: deliveriesDone };
    }
    case "recover":
      return { ...facts, kind: job.kind, filter: filterView(job.filter), deliveriesRecovered: job.deliveriesDone };
    case "cancel":
      return { ...facts, kind: job.kind, filter: filterView(job.filter), deliveriesCancelled: job.deliveriesDone };
  }
}

export function jobPlanView({ events, deliveries }: JobPlan): JobPlanView {
  return { dryRun: true, ...(events === null ? {} : { events }), deliveries };
}

type Shown<F> = Omit<F, "since" | "until"> & { since?: string; until?: string };

function filterView<F extends { since?: number; until?: number }>({ since, until, ...filter }: F): Shown<F> {
  return {
    ...filter,
    ...(since === undefined ? {} : { since: timeView(since) }),
    ...(until === undefined ? {} : { until: timeView(until) }),
  };
}

/** What was counted may go while a job runs, so only the end itself is 1. */
function progressOf(job: Job): number {
  if (job.status === "finished") return 1;
  const [done, total] = job.kind === "replay" ? [job.eventsSeen, job.eventsTotal] : [job.deliveriesDone, job.deliveriesTotal];
  return total === 0 ? 0 : Math.min(0.99, done / total);
}
