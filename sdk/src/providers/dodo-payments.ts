// Dodo Payments: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "dodo-payments",
  name: "Dodo Payments",
  docsUrl: "https://docs.dodopayments.com/developer-resources/webhooks",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook", "svix"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id", "header:svix-id"],
  eventType: ["json:type", "json:event_type"],
  eventTime: [{ from: "json:timestamp", unit: "rfc3339" }],
  eventKey: ["json:data.subscription_id", "json:data.payment_id"],
  secretHint: "The webhook secret key of the endpoint in the Dodo Payments dashboard.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Dodo Payments and enter the URL of this source.",
    "Copy the signing secret that Dodo Payments shows and save it here as it is.",
  ],
  samples: [
    {
      type: "payment.succeeded",
      body: {
        business_id: "bus_example0001",
        type: "payment.succeeded",
        timestamp: "2025-10-09T08:53:20.000000Z",
        data: {
          payload_type: "Payment",
          payment_id: "pay_example0001",
          status: "succeeded",
          total_amount: 1500,
          currency: "EUR",
          customer: { customer_id: "cus_example0001", email: "ada@example.test", name: "Ada Example" },
          created_at: "2025-10-09T08:53:00.000000Z",
        },
      },
    },
  ],
} as const satisfies Provider;
