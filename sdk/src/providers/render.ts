// Render: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "render",
  name: "Render",
  docsUrl: "https://render.com/docs",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook", "svix"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id", "header:svix-id"],
  eventType: ["json:type", "json:event_type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Render and enter the URL of this source.",
    "Copy the signing secret that Render shows and save it here as it is.",
  ],
} as const satisfies Provider;
