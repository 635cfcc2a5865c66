// Datadog: HTTP Basic authentication.
import type { Provider } from "../provider.ts";

export default {
  id: "datadog",
  name: "Datadog",
  docsUrl: "https://docs.datadoghq.com/integrations/webhooks/",
  scheme: { kind: "basic" },
  eventId: [],
  eventType: [],
  bodyAuthenticated: false,
  setup: [
    "Enter the URL of this source as the webhook URL in Datadog.",
    "Give it a user and a long random password, and save both here as user:password.",
  ],
  experimental: true,
} as const satisfies Provider;
