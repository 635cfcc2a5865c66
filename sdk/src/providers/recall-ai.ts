// Recall.ai: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "recall-ai",
  name: "Recall.ai",
  docsUrl: "https://docs.recall.ai",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook", "svix"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id", "header:svix-id"],
  eventType: ["json:type", "json:event_type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Recall.ai and enter the URL of this source.",
    "Copy the signing secret that Recall.ai shows and save it here as it is.",
  ],
} as const satisfies Provider;
