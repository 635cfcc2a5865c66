// Recall.ai: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "recall-ai",
  name: "Recall.ai",
  docsUrl: "https://docs.recall.ai/docs/authenticating-requests-from-recallai",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook", "svix"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id", "header:svix-id"],
  eventType: ["json:event", "json:type", "json:event_type"],
  eventTime: [{ from: "json:data.data.updated_at", unit: "rfc3339" }],
  eventKey: ["json:data.bot.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Recall.ai and enter the URL of this source.",
    "Copy the signing secret that Recall.ai shows and save it here as it is.",
  ],
  secretHint:
    "Developers → API Keys & Secrets: the workspace verification secret; accounts from before 15 December 2025 have one for each endpoint.",
  samples: [
    {
      type: "bot.done",
      body: {
        event: "bot.done",
        data: {
          data: { code: "done", sub_code: null, updated_at: "2026-10-09T08:53:20.000000Z" },
          bot: { id: "00000000-0000-4000-8000-00000000001a", metadata: {} },
        },
      },
    },
  ],
} as const satisfies Provider;
