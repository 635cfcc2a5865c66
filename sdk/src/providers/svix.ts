// Svix: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "svix",
  name: "Svix",
  docsUrl: "https://docs.svix.com/receiving/verifying-payloads/how",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["svix", "webhook"], toleranceSeconds: 300 },
  eventId: ["header:svix-id", "header:webhook-id"],
  eventType: ["json:type", "json:event_type", "json:eventType"],
  eventKey: ["json:data.id"],
  bodyAuthenticated: true,
  setup: [
    "Ask the sender, which is hosted on Svix, for its webhook portal and add an endpoint with the URL of this source.",
    "Copy the signing secret of that endpoint (whsec_…) and save it here.",
  ],
  secretHint: "The webhook portal of the sender → your endpoint → Signing Secret (whsec_…).",
  ipRanges: ["https://docs.svix.com/webhook-ips.json"],
  samples: [
    {
      type: "invoice.paid",
      body: { type: "invoice.paid", timestamp: "2026-10-09T08:53:20.000Z", data: { id: "invoice-1001", amount: 1200, currency: "EUR" } },
    },
  ],
} as const satisfies Provider;
