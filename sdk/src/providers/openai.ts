// OpenAI: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "openai",
  name: "OpenAI",
  docsUrl: "https://platform.openai.com/docs",
  scheme: { kind: "standard-webhooks", key: "whsec-or-utf8", headerPrefixes: ["webhook"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id"],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in OpenAI and enter the URL of this source.",
    "Copy the signing secret that OpenAI shows and save it here as it is.",
  ],
} as const satisfies Provider;
