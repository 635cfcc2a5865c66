// Checkout.com webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "checkout-com",
  name: "Checkout.com",
  docsUrl: "https://www.checkout.com/docs/developer-resources/webhooks/manage-webhooks/set-up-your-webhook-receiver",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["cko-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["json:id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:created_on", unit: "rfc3339" }],
  eventKey: ["json:data.id"],
  secretHint: "The signature key in the webhook action of your workflow: the text you entered there yourself.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Checkout.com and enter the URL of this source.",
    "Copy the signing secret that Checkout.com shows and save it here as it is.",
  ],
  samples: [
    {
      type: "payment_approved",
      body: {
        id: "evt_example_0001",
        type: "payment_approved",
        version: "1.0.0",
        created_on: "2025-10-09T08:53:20Z",
        data: {
          id: "pay_example_0001",
          action_id: "act_example_0001",
          amount: 1500,
          currency: "EUR",
          approved: true,
          response_code: "10000",
          reference: "order-1001",
        },
      },
    },
  ],
} as const satisfies Provider;
