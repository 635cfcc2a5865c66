// Replicate: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "replicate",
  name: "Replicate",
  docsUrl: "https://replicate.com/docs/topics/webhooks/verify-webhook",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook", "svix"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id", "header:svix-id"],
  eventType: ["json:status"],
  eventTime: [
    { from: "json:completed_at", unit: "rfc3339" },
    { from: "json:started_at", unit: "rfc3339" },
    { from: "json:created_at", unit: "rfc3339" },
  ],
  eventKey: ["json:id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Replicate and enter the URL of this source.",
    "Copy the signing secret that Replicate shows and save it here as it is.",
  ],
  secretHint: "The signing key that GET /v1/webhooks/default/secret of the Replicate API returns.",
  samples: [
    {
      type: "succeeded",
      body: {
        id: "example0000000000000prediction",
        version: "example0000000000000000000000000000000000000000000000000000version",
        status: "succeeded",
        input: { prompt: "a posthorn" },
        output: ["https://files.example.test/out-0.png"],
        error: null,
        created_at: "2026-10-09T08:53:00.000Z",
        started_at: "2026-10-09T08:53:05.000Z",
        completed_at: "2026-10-09T08:53:20.000Z",
        metrics: { predict_time: 15 },
      },
    },
  ],
} as const satisfies Provider;
