// Dwolla webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "dwolla",
  name: "Dwolla",
  docsUrl: "https://developers.dwolla.com/docs/balance/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-request-signature-sha-256"] },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:id"],
  eventType: ["json:topic"],
  eventTime: [{ from: "json:timestamp", unit: "rfc3339" }],
  eventKey: ["json:resourceId"],
  secretHint: "The secret of the call that creates the webhook subscription; it is a text of your own.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook subscription through the Dwolla API with the URL of this source.",
    "Save the secret you gave in that call here.",
  ],
  samples: [
    {
      type: "transfer_completed",
      body: {
        id: "00000000-0000-4000-8000-000000000001",
        resourceId: "00000000-0000-4000-8000-000000000002",
        topic: "transfer_completed",
        timestamp: "2025-10-09T08:53:20.000Z",
        _links: {
          self: { href: "https://api-sandbox.dwolla.com/events/00000000-0000-4000-8000-000000000001" },
          resource: { href: "https://api-sandbox.dwolla.com/transfers/00000000-0000-4000-8000-000000000002" },
        },
        created: "2025-10-09T08:53:20.000Z",
      },
    },
  ],
} as const satisfies Provider;
