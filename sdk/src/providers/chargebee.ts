// Chargebee: HTTP Basic authentication.
import type { Provider } from "../provider.ts";

export default {
  id: "chargebee",
  name: "Chargebee",
  docsUrl: "https://www.chargebee.com/docs/2.0/webhook_settings.html",
  scheme: { kind: "basic" },
  eventId: ["json:id"],
  eventType: ["json:event_type"],
  eventTime: [{ from: "json:occurred_at", unit: "s" }],
  eventKey: ["json:content.subscription.id", "json:content.customer.id", "json:content.invoice.id"],
  secretHint:
    "Settings → Configure Chargebee → Webhooks → your webhook → Protect webhook URL with basic authentication: user and password.",
  bodyAuthenticated: false,
  setup: [
    "Enter the URL of this source as the webhook URL in Chargebee.",
    "Give it a user and a long random password, and save both here as user:password.",
  ],
  samples: [
    {
      type: "subscription_created",
      body: {
        id: "ev_example_0001",
        occurred_at: 1760000000,
        source: "api",
        object: "event",
        api_version: "v2",
        event_type: "subscription_created",
        webhook_status: "scheduled",
        content: {
          subscription: { id: "sub_example_0001", customer_id: "cus_example_0001", status: "active", currency_code: "EUR" },
          customer: { id: "cus_example_0001", email: "ada@example.test" },
        },
      },
    },
  ],
} as const satisfies Provider;
