// GoCardless webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "gocardless",
  name: "GoCardless",
  docsUrl: "https://developer.gocardless.com/getting-started/staying-up-to-date-with-webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["webhook-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["json:meta.webhook_id"],
  eventType: ["text:{json:events.0.resource_type}.{json:events.0.action}"],
  eventTime: [{ from: "json:events.0.created_at", unit: "rfc3339" }],
  eventKey: [
    "json:events.0.links.payment",
    "json:events.0.links.mandate",
    "json:events.0.links.subscription",
    "json:events.0.links.payout",
  ],
  secretHint: "Developers → Webhook endpoints → your endpoint → Secret.",
  bodyAuthenticated: true,
  batch: {
    items: "json:events",
    id: ["json:id"],
    type: ["text:{json:resource_type}.{json:action}"],
    time: [{ from: "json:created_at", unit: "rfc3339" }],
  },
  setup: [
    "Create a webhook endpoint in GoCardless and enter the URL of this source.",
    "Copy the secret that GoCardless shows and save it here as it is.",
  ],
  samples: [
    {
      type: "payments.confirmed",
      body: {
        events: [
          {
            id: "EVEXAMPLE0001",
            created_at: "2025-10-09T08:53:20.000Z",
            resource_type: "payments",
            action: "confirmed",
            links: { payment: "PMEXAMPLE0001" },
            details: { origin: "gocardless", cause: "payment_confirmed", description: "The payment has been confirmed." },
            metadata: {},
          },
        ],
        meta: { webhook_id: "WBEXAMPLE0001" },
      },
    },
  ],
} as const satisfies Provider;
