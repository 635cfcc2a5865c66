// Square webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "square",
  name: "Square",
  docsUrl: "https://developer.squareup.com/docs/webhooks/step3validate",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-square-hmacsha256-signature"] },
    enc: "base64",
    content: "{url}{body}",
  },
  eventId: ["json:event_id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:created_at", unit: "rfc3339" }],
  eventKey: ["json:data.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook subscription in Square and enter the URL of this source.",
    "Copy the signature key that Square shows and save it here as it is.",
    "Save the same URL, exactly as entered there, as the parameter url: it is part of what is signed.",
  ],
  secretHint: "Developer Console → your app → Webhooks → Subscriptions → your subscription → Signature key.",
  samples: [
    {
      type: "payment.updated",
      body: {
        merchant_id: "EXAMPLEMERCHANT",
        type: "payment.updated",
        event_id: "00000000-0000-4000-8000-00000000001f",
        created_at: "2026-10-09T08:53:20.000Z",
        data: {
          type: "payment",
          id: "EXAMPLEpayment0001",
          object: {
            payment: {
              id: "EXAMPLEpayment0001",
              status: "COMPLETED",
              amount_money: { amount: 1200, currency: "EUR" },
              location_id: "EXAMPLELOC",
            },
          },
        },
      },
    },
  ],
} as const satisfies Provider;
