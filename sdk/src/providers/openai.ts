// OpenAI: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "openai",
  name: "OpenAI",
  docsUrl: "https://platform.openai.com/docs/guides/webhooks",
  scheme: { kind: "standard-webhooks", key: "whsec-or-utf8", headerPrefixes: ["webhook"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:created_at", unit: "s" }],
  eventKey: ["json:data.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in OpenAI and enter the URL of this source.",
    "Copy the signing secret that OpenAI shows and save it here as it is.",
  ],
  secretHint: "The signing secret (whsec_…) that OpenAI shows once, when the webhook endpoint of the project is created.",
  samples: [
    {
      type: "response.completed",
      body: {
        object: "event",
        id: "evt_EXAMPLE0001",
        type: "response.completed",
        created_at: 1760000000,
        data: { id: "resp_EXAMPLE0001" },
      },
    },
    {
      type: "batch.completed",
      body: { object: "event", id: "evt_EXAMPLE0002", type: "batch.completed", created_at: 1760000060, data: { id: "batch_EXAMPLE0001" } },
    },
  ],
} as const satisfies Provider;
