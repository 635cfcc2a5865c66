// Replicate: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "replicate",
  name: "Replicate",
  docsUrl: "https://replicate.com/docs",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook", "svix"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id", "header:svix-id"],
  eventType: ["json:status"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Replicate and enter the URL of this source.",
    "Copy the signing secret that Replicate shows and save it here as it is.",
  ],
} as const satisfies Provider;
