// `posthorn destinations create`: a new place for deliveries to go.
import type { DestinationView } from "../http/schemas/destination.ts";
import { text } from "./command.ts";
import { DESTINATION_NOTE, destinationDocument, destinationOptions } from "./destination-options.ts";
import { createCommand } from "./resource.ts";
import { renderPairs } from "./table.ts";

export const destinationsCreate = createCommand({
  name: "destinations create",
  summary: "Make a destination.",
  description: DESTINATION_NOTE,
  path: "/v1/destinations",
  options: { ...destinationOptions, tenant: text("id", "Whose it is, for good; your own otherwise.") },
  document: async (context, options) => ({
    type: "http",
    tenantId: options.tenant,
    ...(await destinationDocument(context, options)),
  }),
  told: (destination: DestinationView, { terminal }) =>
    renderPairs(terminal, [
      ["id", { text: destination.id, paint: terminal.outStyle.bold }],
      ["name", destination.name],
      ["tenant", destination.tenantId],
      ["delivers to", destination.url],
      ["secret", destination.secret],
    ]),
  examples: [
    ["posthorn destinations create --name app --to http://127.0.0.1:3000/webhooks", "a program on this machine, with posthorn dev"],
    [
      "posthorn destinations create --name ledger --to https://example.com/hook --order-by json:account.id",
      "one account's events in order",
    ],
    [
      "posthorn destinations create --name shop --tenant acme --to https://shop.example/hooks --rate 10/second --retry-schedule 0s,30s,10m,2h",
      "a customer's endpoint, with a limit and a schedule of its own",
    ],
    [
      "posthorn destinations create --name erp --to https://erp.example/in --oauth2-token-url https://login.example/token --oauth2-client-id posthorn --oauth2-client-secret-file secret.txt",
      "one that wants an access token",
    ],
    ["posthorn destinations create --from destination.json", "every field of the API"],
  ],
});
