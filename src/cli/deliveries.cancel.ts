// `posthorn deliveries cancel`: ends deliveries that still wait.
import type { DeliveryView } from "../http/schemas/delivery.ts";
import { actionCommand } from "./resource.ts";

export const deliveriesCancel = actionCommand<DeliveryView>({
  name: "deliveries cancel",
  summary: "Cancel deliveries that still wait.",
  description: "A cancelled delivery is final. To hold deliveries back for a while, pause their destination instead.",
  argument: "The delivery's id, dlv_...; several may be given.",
  act: (client, id) => client.send("POST", `/v1/deliveries/${id}/cancel`),
  told: (_delivery, id) => `${id} is cancelled.`,
  examples: [["posthorn deliveries cancel dlv_06dq2ye2xk0ezc5bk9ztc3h9m7", "give one up"]],
});
