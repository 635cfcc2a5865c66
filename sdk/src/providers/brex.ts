// Brex: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "brex",
  name: "Brex",
  docsUrl: "https://developer.brex.com",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook", "svix"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id", "header:svix-id"],
  eventType: ["json:type", "json:event_type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Brex and enter the URL of this source.",
    "Copy the signing secret that Brex shows and save it here as it is.",
  ],
} as const satisfies Provider;
