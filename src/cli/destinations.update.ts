// `posthorn destinations update`: changes what flags say of a destination, and leaves the rest.
import type { DestinationView } from "../http/schemas/destination.ts";
import { DESTINATION_NOTE, destinationDocument, destinationOptions } from "./destination-options.ts";
import { updateCommand } from "./resource.ts";

export const destinationsUpdate = updateCommand({
  name: "destinations update",
  summary: "Change a destination.",
  description: `It applies from the next attempt on, also to deliveries that wait already. ${DESTINATION_NOTE}`,
  argument: "The destination's id, dst_...",
  path: "/v1/destinations",
  options: destinationOptions,
  document: destinationDocument,
  told: (destination: DestinationView) => `${destination.id} is changed; "posthorn destinations get ${destination.id}" shows it.\n`,
  examples: [
    ["posthorn destinations update dst_06dq2ye2xk0ezc5bk9ztc3h9m7 --rate 100/minute --concurrency 5", "spare a receiver"],
    ["posthorn destinations update dst_06dq2ye2xk0ezc5bk9ztc3h9m7 --rate none --no-http2", "without a limit again, and over HTTP/1.1"],
  ],
});
