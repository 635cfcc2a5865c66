// Razorpay webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "razorpay",
  name: "Razorpay",
  docsUrl: "https://razorpay.com/docs/webhooks/validate-test/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-razorpay-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["header:x-razorpay-event-id"],
  eventType: ["json:event"],
  eventTime: [{ from: "json:created_at", unit: "s" }],
  eventKey: ["json:payload.payment.entity.id", "json:payload.subscription.entity.id", "json:payload.order.entity.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Razorpay and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  secretHint: "The secret that you entered with the webhook under Account & Settings → Webhooks; it is not the API key secret.",
  samples: [
    {
      type: "payment.captured",
      body: {
        entity: "event",
        account_id: "acc_EXAMPLE0001",
        event: "payment.captured",
        contains: ["payment"],
        created_at: 1760000000,
        payload: {
          payment: {
            entity: {
              id: "pay_EXAMPLE0001",
              entity: "payment",
              amount: 120000,
              currency: "INR",
              status: "captured",
              order_id: "order_EXAMPLE0001",
              method: "upi",
              captured: true,
              email: "ada@example.test",
              created_at: 1759999990,
            },
          },
        },
      },
    },
  ],
} as const satisfies Provider;
