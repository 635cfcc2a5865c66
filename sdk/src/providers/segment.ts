// Segment webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "segment",
  name: "Segment",
  docsUrl: "https://www.twilio.com/docs/segment/connections/destinations/catalog/actions-webhook",
  scheme: { kind: "hmac", alg: "hmac-sha1", key: "utf8", sig: { header: ["x-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["json:messageId"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:timestamp", unit: "rfc3339" }],
  eventKey: ["json:userId", "json:anonymousId"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook destination in Segment and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  secretHint: "Settings → Advanced Settings of the Webhooks (Actions) destination: the shared secret that you entered there.",
  samples: [
    {
      type: "track",
      body: {
        type: "track",
        messageId: "example-message-0001",
        event: "Order Completed",
        userId: "user-1001",
        anonymousId: "00000000-0000-4000-8000-00000000001d",
        timestamp: "2026-10-09T08:53:20.000Z",
        properties: { order_id: "1001", total: 12 },
        context: { library: { name: "analytics.js" } },
      },
    },
    {
      type: "identify",
      body: {
        type: "identify",
        messageId: "example-message-0002",
        userId: "user-1001",
        timestamp: "2026-10-09T08:53:21.000Z",
        traits: { email: "ada@example.test", plan: "pro" },
      },
    },
  ],
} as const satisfies Provider;
