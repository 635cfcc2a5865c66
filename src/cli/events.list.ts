// `posthorn events list`: the newest events, by source, type, key or time.
import type { EventHeadView } from "../http/schemas/event.ts";
import { moment, text } from "./command.ts";
import { listCommand, timeParameter } from "./resource.ts";
import { byteText, relativeText } from "./table.ts";

export const eventsList = listCommand({
  name: "events list",
  summary: "List events, newest first.",
  path: "/v1/events",
  options: {
    source: text("id|name", "Only of this source."),
    type: text("type", "Only of this type; invoice.* takes every type that starts so."),
    tenant: text("id", "Only of this tenant."),
    key: text("key", "Only with this ordering key."),
    providerEventId: text("id", "Only with this id of the provider's own."),
    since: moment("Received at or after this time."),
    until: moment("Received before this time."),
  },
  query: ({ source, type, tenant, key, providerEventId, since, until }) => ({
    source,
    type,
    tenantId: tenant,
    key,
    providerEventId,
    since: timeParameter(since),
    until: timeParameter(until),
  }),
  headings: ["ID", "RECEIVED", "SOURCE", "SIZE", "TYPE"],
  row: (event: EventHeadView, { terminal, nowMs }) => [
    { text: event.id },
    { text: relativeText(event.receivedAt, nowMs) },
    { text: event.sourceId ?? "published", paint: terminal.outStyle.dim },
    { text: byteText(event.bodyBytes) },
    { text: event.type, paint: terminal.outStyle.bold },
  ],
  empty: "No event matches.",
  examples: [
    ["posthorn events list --since 1h", "what came in during the last hour"],
    ["posthorn events list --type 'invoice.*' --json | jq -r '.data[].id'", "ids for a script"],
  ],
});
