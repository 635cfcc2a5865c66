// Standard Webhooks, and every sender hosted on Svix. Source: https://www.standardwebhooks.com and docs.svix.com.
import type { Provider } from "../provider.ts";

export default {
  id: "standard-webhooks",
  name: "Standard Webhooks",
  docsUrl: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook", "svix"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id", "header:svix-id"],
  eventType: ["json:type", "json:event_type", "json:eventType"],
  bodyAuthenticated: true,
  cloudEvents: true,
  setup: [
    "Add an endpoint at the sender and enter the URL of this source.",
    "Copy the signing secret of that endpoint; it starts with whsec_, or with whpk_ for a public key.",
    "Save it here, then send a test event.",
  ],
} as const satisfies Provider;
