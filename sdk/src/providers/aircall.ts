// Aircall webhooks: the token of the webhook stands in each body.
import type { Provider } from "../provider.ts";

export default {
  id: "aircall",
  name: "Aircall",
  docsUrl: "https://developer.aircall.io/docs/setup-webhooks",
  scheme: { kind: "token", json: "token" },
  // One call has many events within one second, and nothing else tells one sending from the next.
  eventId: [],
  eventType: ["json:event"],
  eventTime: [{ from: "json:timestamp", unit: "s" }],
  eventKey: ["json:data.id"],
  bodyAuthenticated: false,
  setup: [
    "Create a webhook in the Aircall dashboard, or through its API, with the URL of this source.",
    "Read the token of the webhook through the API, at /v1/webhooks, and save it here as the secret.",
    "The token is a field of every body, so stored events hold it: whoever may read them can forge the next request.",
  ],
  secretHint: "The token of the webhook, as GET /v1/webhooks/{id} of the Aircall API shows it; it is not the API token.",
  answerWithinSeconds: 5,
  retry: "Up to 50 times; a webhook that keeps failing is disabled.",
  samples: [
    {
      type: "call.created",
      body: {
        resource: "call",
        event: "call.created",
        timestamp: 1760000000,
        token: "example-token-0001",
        data: {
          id: 1001,
          direct_link: "https://api.aircall.io/v1/calls/1001",
          direction: "inbound",
          status: "initial",
          started_at: 1760000000,
          answered_at: null,
          ended_at: null,
          duration: 0,
          raw_digits: "+1 555 0100",
        },
      },
    },
    {
      type: "contact.updated",
      body: {
        resource: "contact",
        event: "contact.updated",
        timestamp: 1760000000,
        token: "example-token-0001",
        data: { id: 2001, first_name: "Ada", last_name: "Example", company_name: "Example Ltd" },
      },
    },
  ],
} as const satisfies Provider;
