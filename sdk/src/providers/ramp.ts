// Ramp webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "ramp",
  name: "Ramp",
  docsUrl: "https://docs.ramp.com/developer-api/v1/webhooks",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-ramp-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["json:id"],
  eventType: ["json:type", "json:event"],
  eventTime: [{ from: "json:created_at", unit: "rfc3339" }],
  eventKey: ["json:object.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Ramp and enter the URL of this source.",
    "Copy the signing secret that Ramp shows and save it here as it is.",
  ],
  secretHint: "The secret of the webhook subscription, which Ramp returns when the subscription is created.",
  samples: [
    {
      type: "transactions.cleared",
      body: {
        id: "00000000-0000-4000-8000-000000000017",
        type: "transactions.cleared",
        created_at: "2026-10-09T08:53:20Z",
        business_id: "00000000-0000-4000-8000-000000000018",
        object: { id: "00000000-0000-4000-8000-000000000019" },
      },
    },
  ],
} as const satisfies Provider;
