// `posthorn destinations list`: where deliveries go.
import type { DestinationView } from "../http/schemas/destination.ts";
import { statusPaint } from "./deliveries.list.ts";
import { text } from "./command.ts";
import { listCommand } from "./resource.ts";

export const destinationsList = listCommand({
  name: "destinations list",
  summary: "List destinations.",
  path: "/v1/destinations",
  options: { tenant: text("id", "Only of this tenant.") },
  query: ({ tenant }) => ({ tenantId: tenant }),
  headings: ["ID", "NAME", "STATE", "URL"],
  row: (destination: DestinationView, { terminal }) => [
    { text: destination.id },
    { text: destination.name, paint: terminal.outStyle.bold },
    { text: destination.state.kind, paint: statusPaint(terminal.outStyle, destination.state.kind) },
    { text: destination.url },
  ],
  empty: 'There is no destination yet. Make one with "posthorn destinations create".',
  examples: [["posthorn destinations list", "every destination and its state"]],
});
