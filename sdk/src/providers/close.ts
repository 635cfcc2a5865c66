// Close webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "close",
  name: "Close",
  docsUrl: "https://developer.close.com/resources/webhook-subscriptions/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "hex",
    sig: { header: ["close-sig-hash"] },
    enc: "hex",
    content: "{ts}{body}",
    ts: { from: "header:close-sig-timestamp", unit: "s", future: false },
  },
  eventId: ["json:event.id"],
  eventType: ["text:{json:event.object_type}.{json:event.action}"],
  eventKey: ["json:event.lead_id", "json:event.object_id"],
  secretHint: "The signature_key in the answer to the call that creates the webhook subscription.",
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Create a webhook subscription through the Close API with the URL of this source.",
    "Save the signature_key of the answer here; it is hex.",
  ],
  samples: [
    {
      type: "lead.updated",
      body: {
        event: {
          id: "ev_example0001",
          date_created: "2025-10-09T08:53:20.000000",
          object_type: "lead",
          object_id: "lead_example0001",
          lead_id: "lead_example0001",
          action: "updated",
          organization_id: "orga_example0001",
          user_id: "user_example0001",
          changed_fields: ["name"],
          data: { id: "lead_example0001", name: "Example Ltd" },
          previous_data: { name: "Example" },
        },
        subscription_id: "whsub_example0001",
      },
    },
  ],
} as const satisfies Provider;
