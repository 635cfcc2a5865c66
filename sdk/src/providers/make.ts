// Make, which sends with its HTTP module and signs nothing: a shared token in a header or the query.
import type { Provider } from "../provider.ts";

export default {
  id: "make",
  name: "Make",
  docsUrl: "https://help.make.com/webhooks",
  scheme: { kind: "token", header: "authorization", prefix: "Bearer ", fromParams: true },
  eventId: ["json:id"],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: false,
  setup: [
    "To receive from a scenario: add the module HTTP, Make a request, with the method POST, the URL of this source and a JSON body.",
    "Add the header Authorization with Bearer and the secret of this source as its value; a field type becomes the type of the event, a field id its id.",
    "Where a header cannot be set, name a query parameter as the parameter query here and put it at the end of the URL.",
    "To send to a scenario: choose the trigger Webhooks, Custom webhook, and make its URL a destination here.",
  ],
  secretHint: "A long random token that you make yourself; Make shows none.",
  samples: [
    { type: "order.created", body: { id: "order-1001", type: "order.created", total: 1200, currency: "EUR", email: "ada@example.test" } },
  ],
} as const satisfies Provider;
