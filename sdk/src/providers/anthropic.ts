// Anthropic: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "anthropic",
  name: "Anthropic",
  docsUrl: "https://platform.claude.com/docs/en/managed-agents/webhooks",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id"],
  eventType: ["json:data.type"],
  eventTime: [{ from: "json:created_at", unit: "rfc3339" }],
  eventKey: ["json:data.id"],
  secretHint: "The signing secret whsec_… that is shown once, when the webhook endpoint is created.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Anthropic and enter the URL of this source.",
    "Copy the signing secret that Anthropic shows and save it here as it is.",
  ],
  samples: [
    {
      type: "session.status_idled",
      body: {
        type: "event",
        id: "event_example_0001",
        created_at: "2025-10-09T08:53:20Z",
        data: {
          type: "session.status_idled",
          id: "sesn_example_0001",
          organization_id: "00000000-0000-4000-8000-000000000001",
          workspace_id: "00000000-0000-4000-8000-000000000002",
        },
      },
    },
  ],
} as const satisfies Provider;
