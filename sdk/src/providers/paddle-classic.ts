// Paddle Classic alerts: a form with an RSA signature over all of its other fields, and no time to be checked.
import type { Provider } from "../provider.ts";

export default {
  id: "paddle-classic",
  name: "Paddle Classic",
  docsUrl: "https://developer.paddle.com/webhook-reference/verifying-webhooks",
  scheme: { kind: "body-signature", layout: "paddle-classic" },
  eventId: ["form:alert_id"],
  eventType: ["form:alert_name"],
  eventKey: ["form:subscription_id", "form:order_id", "form:checkout_id"],
  bodyAuthenticated: true,
  setup: [
    "Open Developer Tools, Alerts in the seller dashboard of Paddle Classic and enter the URL of this source.",
    "Copy the public key under Developer Tools, Public Key and save it here as the public key.",
  ],
  secretHint: "Developer Tools → Public Key in the seller dashboard.",
  experimental: true,
  samples: [
    {
      type: "subscription_created",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "alert_id=1000000001&alert_name=subscription_created&cancel_url=https%3A%2F%2Fcheckout.example.test%2F1&currency=EUR&email=ada%40example.test&event_time=2026-10-09+08%3A53%3A20&next_bill_date=2026-11-09&status=active&subscription_id=1001&subscription_plan_id=7&user_id=42",
    },
  ],
} as const satisfies Provider;
