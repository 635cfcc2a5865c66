// Airwallex webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "airwallex",
  name: "Airwallex",
  docsUrl: "https://www.airwallex.com/docs/developer-tools/webhooks/listen-for-webhook-events",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-signature"] },
    enc: "hex",
    content: "{ts}{body}",
    ts: { from: "header:x-timestamp", unit: "ms", future: false },
  },
  eventId: ["json:id"],
  eventType: ["json:name"],
  eventKey: ["json:data.object.id"],
  secretHint: "Settings → Developer → Webhooks → your webhook: its secret key; each notification URL has its own.",
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Create a webhook in Airwallex and enter the URL of this source.",
    "Copy the secret key that Airwallex shows and save it here as it is.",
  ],
  retry: "With exponential back-off over about three days.",
  samples: [
    {
      type: "payment_intent.succeeded",
      body: {
        id: "evt_example_0001",
        name: "payment_intent.succeeded",
        account_id: "acct_example_0001",
        data: { object: { id: "int_example_0001", amount: 15, currency: "EUR", merchant_order_id: "order-1001", status: "SUCCEEDED" } },
        created_at: "2025-10-09T08:53:20+0000",
      },
    },
  ],
} as const satisfies Provider;
