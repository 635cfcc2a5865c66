// Customer.io webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "customerio",
  name: "Customer.io",
  docsUrl: "https://docs.customer.io/integrations/api/webhooks/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-cio-signature"] },
    enc: "hex",
    content: "v0:{ts}:{body}",
    ts: { from: "header:x-cio-timestamp", unit: "s", toleranceSeconds: 300, future: false },
  },
  eventId: ["json:event_id"],
  eventType: ["text:{json:object_type}.{json:metric}"],
  eventTime: [{ from: "json:timestamp", unit: "s" }],
  eventKey: ["json:data.customer_id", "json:data.identifiers.id"],
  secretHint: "Data & Integrations → Integrations → Reporting Webhooks → your webhook → Signing key.",
  bodyAuthenticated: true,
  setup: [
    "Create a reporting webhook in Customer.io and enter the URL of this source.",
    "Copy the signing secret that Customer.io shows and save it here as it is.",
  ],
  samples: [
    {
      type: "email.delivered",
      body: {
        event_id: "01EXAMPLE0000000000000001",
        object_type: "email",
        metric: "delivered",
        timestamp: 1760000000,
        data: {
          customer_id: "customer-1001",
          identifiers: { id: "customer-1001" },
          delivery_id: "example-delivery-0001",
          recipient: "ada@example.test",
          subject: "Your order",
          campaign_id: 1,
        },
      },
    },
  ],
} as const satisfies Provider;
