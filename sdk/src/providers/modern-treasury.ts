// Modern Treasury webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "modern-treasury",
  name: "Modern Treasury",
  docsUrl: "https://docs.moderntreasury.com/platform/docs/verifying-webhooks",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["text:{json:data.object}.{json:event}", "json:type", "json:event"],
  eventKey: ["json:data.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Modern Treasury and enter the URL of this source.",
    "Copy the signing secret that Modern Treasury shows and save it here as it is.",
  ],
  secretHint: "The webhook key of the endpoint, in the Webhooks settings of Modern Treasury.",
  samples: [
    {
      type: "payment_order.completed",
      body: {
        event: "completed",
        data: {
          id: "00000000-0000-4000-8000-000000000001",
          object: "payment_order",
          type: "ach",
          amount: 125000,
          direction: "credit",
          currency: "USD",
          status: "completed",
          live_mode: false,
          created_at: "2026-10-09T08:53:20Z",
        },
      },
    },
  ],
} as const satisfies Provider;
