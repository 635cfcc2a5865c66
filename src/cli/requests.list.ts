// `posthorn requests list`: every inbound request and what became of it.
import type { RequestHeadView } from "../http/schemas/event.ts";
import { choice, moment, text } from "./command.ts";
import { listCommand, timeParameter } from "./resource.ts";
import { relativeText } from "./table.ts";
import type { Style, Paint } from "./terminal.ts";

export const requestsList = listCommand({
  name: "requests list",
  summary: "List inbound requests, newest first, with why any was turned away.",
  path: "/v1/requests",
  options: {
    outcome: choice(["accepted", "rejected", "duplicate", "handshake"], "Only with this outcome."),
    cause: text("cause", "Only rejected for this cause, such as bad_signature."),
    source: text("id|name", "Only to this source."),
    since: moment("Received at or after this time."),
    until: moment("Received before this time."),
  },
  query: ({ outcome, cause, source, since, until }) => ({
    outcome,
    cause,
    source,
    since: timeParameter(since),
    until: timeParameter(until),
  }),
  headings: ["ID", "RECEIVED", "OUTCOME", "SOURCE", "WHY"],
  row: (request: RequestHeadView, { terminal, nowMs }) => [
    { text: request.id },
    { text: relativeText(request.receivedAt, nowMs) },
    { text: request.cause ?? request.outcome, paint: outcomePaint(terminal.outStyle, request.outcome) },
    { text: request.sourceId ?? "", paint: terminal.outStyle.dim },
    { text: request.message ?? request.eventId ?? "" },
  ],
  empty: "No request matches.",
  examples: [
    ["posthorn requests list --outcome rejected --since 1d", "what was turned away, and why"],
    ["posthorn requests list --cause bad_signature --json", "one cause, for programs"],
  ],
});

export function outcomePaint(style: Style, outcome: string): Paint {
  switch (outcome) {
    case "accepted":
    case "handshake":
      return style.green;
    case "rejected":
      return style.red;
    default:
      return style.yellow;
  }
}
