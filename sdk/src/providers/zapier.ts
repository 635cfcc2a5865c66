// Zapier, which sends with Webhooks by Zapier and signs nothing: a shared token in a header or the query.
import type { Provider } from "../provider.ts";

export default {
  id: "zapier",
  name: "Zapier",
  docsUrl: "https://help.zapier.com/hc/en-us/articles/8496326446989-Send-webhooks-in-Zaps",
  scheme: { kind: "token", header: "authorization", prefix: "Bearer ", fromParams: true },
  eventId: ["json:id"],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: false,
  setup: [
    "To receive from a Zap: add the action Webhooks by Zapier, POST, enter the URL of this source and choose JSON as the payload type.",
    "Add the header Authorization with Bearer and the secret of this source as its value; a field type becomes the type of the event, a field id its id.",
    "Where a header cannot be set, name a query parameter as the parameter query here and put it at the end of the URL.",
    "To send to a Zap: choose the trigger Webhooks by Zapier, Catch Hook, and make its URL a destination here.",
  ],
  secretHint: "A long random token that you make yourself; Zapier shows none.",
  samples: [
    {
      type: "lead.created",
      body: { id: "lead-1001", type: "lead.created", email: "ada@example.test", name: "Ada Example", source: "landing page" },
    },
  ],
} as const satisfies Provider;
