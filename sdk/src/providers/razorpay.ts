// Razorpay webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "razorpay",
  name: "Razorpay",
  docsUrl: "https://razorpay.com/docs/webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-razorpay-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["header:x-razorpay-event-id"],
  eventType: ["json:event"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Razorpay and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
} as const satisfies Provider;
