// Polar: Standard Webhooks headers, keyed with the whole secret as text.
import type { Provider } from "../provider.ts";

export default {
  id: "polar",
  name: "Polar",
  docsUrl: "https://polar.sh/docs/integrate/webhooks/delivery",
  scheme: { kind: "standard-webhooks", key: "utf8", headerPrefixes: ["webhook"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:timestamp", unit: "rfc3339" }],
  eventKey: ["json:data.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Polar and enter the URL of this source.",
    "Copy the signing secret that Polar shows and save it here as it is.",
  ],
  secretHint: "Settings → Webhooks → your endpoint → Secret, in the organization at Polar.",
  samples: [
    {
      type: "order.paid",
      body: {
        type: "order.paid",
        timestamp: "2026-10-09T08:53:20.000Z",
        data: {
          id: "00000000-0000-4000-8000-000000000011",
          status: "paid",
          currency: "usd",
          total_amount: 1200,
          customer_id: "00000000-0000-4000-8000-000000000012",
          product_id: "00000000-0000-4000-8000-000000000013",
        },
      },
    },
  ],
} as const satisfies Provider;
