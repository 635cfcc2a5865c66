// `posthorn deliveries retry`: tries deliveries again now.
import type { DeliveryView } from "../http/schemas/delivery.ts";
import { actionCommand } from "./resource.ts";

export const deliveriesRetry = actionCommand<DeliveryView>({
  name: "deliveries retry",
  summary: "Try deliveries again now.",
  description: "The event keeps its id, so a receiver that had it before can tell. A cancelled delivery stays cancelled.",
  argument: "The delivery's id, dlv_...; several may be given.",
  act: (client, id) => client.send("POST", `/v1/deliveries/${id}/retry`),
  told: (_delivery, id) => `${id} is tried again now.`,
  examples: [
    ["posthorn deliveries retry dlv_06dq2ye2xk0ezc5bk9ztc3h9m7", "one"],
    ["posthorn deliveries retry $(posthorn deliveries list --status dead --json | jq -r '.data[].id')", "every dead one of the first page"],
  ],
});
