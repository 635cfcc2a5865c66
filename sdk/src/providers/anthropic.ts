// Anthropic: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "anthropic",
  name: "Anthropic",
  docsUrl: "https://docs.anthropic.com",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id"],
  eventType: ["json:data.type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Anthropic and enter the URL of this source.",
    "Copy the signing secret that Anthropic shows and save it here as it is.",
  ],
} as const satisfies Provider;
