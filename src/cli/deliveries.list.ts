// `posthorn deliveries list`: events on their way, and why each is where it is.
import type { DeliveryStatus, DeliveryView } from "../http/schemas/delivery.ts";
import { choice, moment, text } from "./command.ts";
import { listCommand, timeParameter, type View } from "./resource.ts";
import { type Cell, relativeText } from "./table.ts";
import type { Paint, Style } from "./terminal.ts";

const STATUSES: readonly DeliveryStatus[] = ["waiting", "paused", "delivered", "dead", "cancelled"];

export const deliveryHeadings = ["ID", "STATUS", "TRIES", "NEXT", "EVENT", "DESTINATION", "WHY"];

export function deliveryRow(delivery: DeliveryView, { terminal, nowMs }: View): Cell[] {
  return [
    { text: delivery.id },
    { text: delivery.status, paint: statusPaint(terminal.outStyle, delivery.status) },
    { text: String(delivery.attemptCount) },
    { text: relativeText(delivery.nextAttemptAt, nowMs) },
    { text: delivery.eventId },
    { text: delivery.destinationId },
    { text: delivery.reason ?? "" },
  ];
}

export function statusPaint(style: Style, status: string): Paint {
  switch (status) {
    case "delivered":
    case "finished":
    case "active":
      return style.green;
    case "dead":
    case "failed":
    case "disabled":
      return style.red;
    case "cancelled":
      return style.dim;
    default:
      return style.yellow;
  }
}

export const deliveriesList = listCommand({
  name: "deliveries list",
  summary: "List deliveries, newest first.",
  path: "/v1/deliveries",
  options: {
    status: choice(STATUSES, "Only with this status."),
    event: text("id", "Only of this event."),
    destination: text("id|name", "Only to this destination."),
    subscription: text("id|name", "Only through this subscription."),
    source: text("id|name", "Only of events of this source."),
    type: text("type", "Only of events of this type; invoice.* takes every type that starts so."),
    job: text("id", "Only made by this job."),
    since: moment("Made at or after this time."),
    until: moment("Made before this time."),
  },
  query: ({ status, event, destination, subscription, source, type, job, since, until }) => ({
    status,
    eventId: event,
    destination,
    subscription,
    source,
    type,
    jobId: job,
    since: timeParameter(since),
    until: timeParameter(until),
  }),
  headings: deliveryHeadings,
  row: deliveryRow,
  empty: "No delivery matches.",
  examples: [
    ["posthorn deliveries list --status dead", "what was given up on, and why"],
    ["posthorn deliveries list --event evt_06dq2ye2xk0ezc5bk9ztc3h9m7", "where one event went"],
  ],
});
