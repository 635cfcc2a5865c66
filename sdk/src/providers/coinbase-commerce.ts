// Coinbase Commerce webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "coinbase-commerce",
  name: "Coinbase Commerce",
  docsUrl: "https://docs.cdp.coinbase.com/commerce/api-arcitecture/webhooks-overview",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-cc-webhook-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["json:event.id"],
  eventType: ["json:event.type"],
  eventTime: [{ from: "json:event.created_at", unit: "rfc3339" }],
  eventKey: ["json:event.data.code"],
  secretHint: "Settings → Notifications → Webhook subscriptions → Show shared secrets.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Coinbase Commerce and enter the URL of this source.",
    "Copy the signing secret that Coinbase Commerce shows and save it here as it is.",
  ],
  retry: "With exponential backoff for up to three days, at most an hour apart.",
  samples: [
    {
      type: "charge:confirmed",
      body: {
        attempt_number: 1,
        id: "00000000-0000-4000-8000-000000000001",
        scheduled_for: "2025-10-09T08:53:20Z",
        event: {
          id: "00000000-0000-4000-8000-000000000002",
          api_version: "2018-03-22",
          created_at: "2025-10-09T08:53:20Z",
          resource: "event",
          type: "charge:confirmed",
          data: {
            code: "EXAMPLE1",
            name: "Example order",
            pricing: { local: { amount: "15.00", currency: "EUR" } },
            pricing_type: "fixed_price",
            metadata: { order: "order-1001" },
          },
        },
      },
    },
  ],
} as const satisfies Provider;
