// Lemon Squeezy webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "lemon-squeezy",
  name: "Lemon Squeezy",
  docsUrl: "https://docs.lemonsqueezy.com/help/webhooks/signing-requests",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["header:x-event-name", "json:meta.event_name"],
  eventTime: [{ from: "json:data.attributes.updated_at", unit: "rfc3339" }],
  eventKey: ["text:{json:data.type}/{json:data.id}"],
  secretHint: "Settings → Webhooks → your webhook → Signing secret: the text you entered there yourself.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Lemon Squeezy and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  samples: [
    {
      type: "order_created",
      headers: { "x-event-name": "order_created" },
      body: {
        meta: {
          test_mode: true,
          event_name: "order_created",
          webhook_id: "00000000-0000-4000-8000-000000000001",
          custom_data: { user: "customer-1001" },
        },
        data: {
          type: "orders",
          id: "1001",
          attributes: {
            store_id: 1,
            customer_id: 1,
            identifier: "00000000-0000-4000-8000-000000000002",
            order_number: 1,
            user_name: "Ada Example",
            user_email: "ada@example.test",
            currency: "EUR",
            total: 1500,
            status: "paid",
            created_at: "2025-10-09T08:53:20.000000Z",
            updated_at: "2025-10-09T08:53:20.000000Z",
          },
        },
      },
    },
  ],
} as const satisfies Provider;
