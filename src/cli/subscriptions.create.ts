// `posthorn subscriptions create`: sends the events one wants to a destination.
import type { SubscriptionView } from "../http/schemas/subscription.ts";
import { count, several, text } from "./command.ts";
import { readDocument } from "./input-file.ts";
import { createCommand } from "./resource.ts";
import { renderPairs } from "./table.ts";

export const subscriptionsCreate = createCommand({
  name: "subscriptions create",
  summary: "Send events to a destination.",
  description: 'Events from before can be brought in with "posthorn jobs replay --subscription <id>".',
  path: "/v1/subscriptions",
  options: {
    destination: text("id", "Where matching events go."),
    source: text("id", "Only events of this source; every source otherwise."),
    tenant: text("id", "Only events of this tenant; those of no tenant otherwise."),
    type: several("pattern", "Only these types: invoice.paid, invoice.*, **."),
    channel: several("name", "Only events with one of these channels."),
    filterFile: text("path", "JSON file with a filter document, - for stdin."),
    delayMs: count("ms", "Wait this long before the first attempt.", { min: 0, max: 30 * 86_400_000 }),
    expireAfterMs: count("ms", "Do not try any more this long after the first attempt was due.", { min: 1, max: 30 * 86_400_000 }),
    name: text("text", "What to call it."),
  },
  async document(context, { destination, source, tenant, type, channel, filterFile, delayMs, expireAfterMs, name }) {
    return {
      destinationId: destination,
      sourceId: source,
      tenantId: tenant,
      eventTypes: type.length === 0 ? undefined : type,
      channels: channel.length === 0 ? undefined : channel,
      filter: filterFile === undefined ? undefined : await readDocument(context, filterFile, "--filter-file"),
      delayMs,
      expireAfterMs,
      name,
    };
  },
  told: (subscription: SubscriptionView, { terminal }) =>
    renderPairs(terminal, [
      ["id", { text: subscription.id, paint: terminal.outStyle.bold }],
      ["from", subscription.sourceId ?? "any source"],
      ["tenant", subscription.tenantId],
      ["to", subscription.destinationId],
      ["types", subscription.eventTypes.length === 0 ? "every type" : subscription.eventTypes.join(", ")],
    ]),
  examples: [
    ["posthorn subscriptions create --destination dst_06dq2ye2xk0ezc5bk9ztc3h9m7", "every event to one destination"],
    [
      "posthorn subscriptions create --source src_06dq2ye2xk0ezc5bk9ztc3h9m7 --type 'invoice.*' --destination dst_06dq2ye2xk0ezc5bk9ztc3h9m7",
      "one source's invoices",
    ],
  ],
});
