// `posthorn subscriptions list`: which events go where.
import type { SubscriptionView } from "../http/schemas/subscription.ts";
import { text } from "./command.ts";
import { listCommand } from "./resource.ts";

export const subscriptionsList = listCommand({
  name: "subscriptions list",
  summary: "List subscriptions.",
  path: "/v1/subscriptions",
  options: {
    source: text("id|name", "Only of this source."),
    destination: text("id|name", "Only to this destination."),
    tenant: text("id", "Only of this tenant."),
  },
  query: ({ source, destination, tenant }) => ({ source, destination, tenantId: tenant }),
  headings: ["ID", "NAME", "STATE", "FROM", "TO", "TYPES"],
  row: (subscription: SubscriptionView, { terminal }) => [
    { text: subscription.id },
    { text: subscription.name ?? "" },
    { text: subscription.enabled ? "enabled" : "disabled", paint: subscription.enabled ? terminal.outStyle.green : terminal.outStyle.red },
    { text: subscription.sourceId ?? "any source" },
    { text: subscription.destinationId },
    {
      text: `${subscription.eventTypes.length === 0 ? "every type" : subscription.eventTypes.join(", ")}${subscription.filter === null ? "" : ", filtered"}`,
    },
  ],
  empty: 'There is no subscription yet. Make one with "posthorn subscriptions create".',
  examples: [["posthorn subscriptions list", "every route from a source to a destination"]],
});
