// Render: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "render",
  name: "Render",
  docsUrl: "https://render.com/docs/webhooks",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook", "svix"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id", "header:svix-id"],
  eventType: ["json:type", "json:event_type"],
  eventTime: [{ from: "json:timestamp", unit: "rfc3339" }],
  eventKey: ["json:data.serviceId"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Render and enter the URL of this source.",
    "Copy the signing secret that Render shows and save it here as it is.",
  ],
  secretHint: "Integrations → Webhooks → your webhook → signing secret.",
  samples: [
    {
      type: "deploy_ended",
      body: {
        type: "deploy_ended",
        timestamp: "2026-10-09T08:53:20.000000Z",
        data: { id: "evt-example0001", serviceId: "srv-example0001", serviceName: "example-api", status: "succeeded" },
      },
    },
  ],
} as const satisfies Provider;
