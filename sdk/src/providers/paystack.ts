// Paystack webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "paystack",
  name: "Paystack",
  docsUrl: "https://paystack.com/docs/payments/webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha512", key: "utf8", sig: { header: ["x-paystack-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["json:event"],
  eventTime: [{ from: "json:data.paid_at", unit: "rfc3339" }],
  eventKey: ["json:data.reference"],
  bodyAuthenticated: true,
  setup: ["Enter the URL of this source as the webhook URL in the Paystack dashboard.", "Save the secret API key of the account here."],
  secretHint: "Settings → API Keys & Webhooks: the secret key (sk_…) of the same mode.",
  retry: "Every 3 minutes four times, then hourly for 72 hours.",
  ipRanges: ["52.31.139.75", "52.49.173.169", "52.214.14.220"],
  samples: [
    {
      type: "charge.success",
      body: {
        event: "charge.success",
        data: {
          id: 100000001,
          domain: "test",
          status: "success",
          reference: "example-ref-0001",
          amount: 500000,
          currency: "NGN",
          paid_at: "2026-10-09T08:53:20.000Z",
          channel: "card",
          customer: { id: 100000002, email: "ada@example.test", customer_code: "CUS_EXAMPLE0001" },
        },
      },
    },
  ],
} as const satisfies Provider;
