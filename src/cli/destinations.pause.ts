// `posthorn destinations pause`: parks a destination's deliveries without losing any.
import type { DestinationView } from "../http/schemas/destination.ts";
import { actionCommand } from "./resource.ts";

export const destinationsPause = actionCommand<DestinationView>({
  name: "destinations pause",
  summary: "Park a destination: its deliveries wait, and none is lost.",
  argument: "The destination's id, dst_...; several may be given.",
  act: (client, id) => client.send("POST", `/v1/destinations/${id}/pause`),
  told: (_destination, id) => `${id} is paused; its deliveries wait until "posthorn destinations resume ${id}".`,
  examples: [["posthorn destinations pause dst_06dq2ye2xk0ezc5bk9ztc3h9m7", "before maintenance at the receiver"]],
});
