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
    { text: String(job.deliveriesCreated) },
  ],
  empty: "There is no job.",
  examples: [["posthorn jobs list", "replays and how far they are"]],
});

export function progressText(job: JobView): string {
  return `${job.eventsSeen} of ${job.eventsTotal} events (${Math.round(job.progress * 100)} %)`;
}
