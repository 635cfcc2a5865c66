// Brex: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "brex",
  name: "Brex",
  docsUrl: "https://developer.brex.com/docs/webhooks/",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook", "svix"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id", "header:svix-id"],
  eventType: ["json:type", "json:event_type"],
  eventKey: ["json:transfer_id", "json:expense_id", "json:user_id"],
  secretHint: "The webhook secret that the Webhooks API lists under secrets.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Brex and enter the URL of this source.",
    "Copy the signing secret that Brex shows and save it here as it is.",
  ],
  samples: [
    {
      type: "TRANSFER_PROCESSED",
      body: { event_type: "TRANSFER_PROCESSED", transfer_id: "dptx_example_0001", payment_type: "ACH", company_id: "cuacc_example_0001" },
    },
  ],
} as const satisfies Provider;
