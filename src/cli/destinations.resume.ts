// `posthorn destinations resume`: lets a parked or disabled destination's deliveries go again.
import type { DestinationView } from "../http/schemas/destination.ts";
import { actionCommand } from "./resource.ts";

export const destinationsResume = actionCommand<DestinationView>({
  name: "destinations resume",
  summary: "Let a paused or disabled destination's deliveries go again.",
  argument: "The destination's id, dst_...; several may be given.",
  act: (client, id) => client.send("POST", `/v1/destinations/${id}/resume`),
  told: (_destination, id) => `${id} is active again.`,
  examples: [["posthorn destinations resume dst_06dq2ye2xk0ezc5bk9ztc3h9m7", "deliver what waited"]],
});
