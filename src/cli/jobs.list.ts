// `posthorn jobs list`: long operations and how far they are.
import type { JobView } from "../http/schemas/job.ts";
import { statusPaint } from "./deliveries.list.ts";
import { listCommand } from "./resource.ts";
import { relativeText } from "./table.ts";

export const jobsList = listCommand({
  name: "jobs list",
  summary: "List jobs, newest first.",
  path: "/v1/jobs",
  options: {},
  query: () => ({}),
  headings: ["ID", "KIND", "STATUS", "STARTED", "PROGRESS", "DELIVERIES"],
  row: (job: JobView, { terminal, nowMs }) => [
    { text: job.id },
    { text: job.kind },
    { text: job.status, paint: statusPaint(terminal.outStyle, job.status) },
    { text: relativeText(job.createdAt, nowMs) },
    { text: progressText(job) },
    { text: String(deliveriesDone(job)) },
  ],
  empty: "There is no job.",
  examples: [["posthorn jobs list", "what runs and how far it is"]],
});

export function progressText(job: JobView): string {
  const percent = `(${Math.round(job.progress * 100)} %)`;
  if (job.kind === "replay") return `${job.eventsSeen} of ${job.eventsTotal} events ${percent}`;
  return `${deliveriesDone(job)} of ${job.deliveriesTotal} deliveries ${percent}`;
}

/** Made, recovered or cancelled so far. */
export function deliveriesDone(job: JobView): number {
  switch (job.kind) {
    case "replay":
      return job.deliveriesCreated;
    case "recover":
      return job.deliveriesRecovered;
    case "cancel":
      return job.deliveriesCancelled;
  }
}
