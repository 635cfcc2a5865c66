// Datadog: HTTP Basic authentication.
import type { Provider } from "../provider.ts";

export default {
  id: "datadog",
  name: "Datadog",
  docsUrl: "https://docs.datadoghq.com/integrations/webhooks/",
  scheme: { kind: "basic" },
  eventId: [],
  eventType: [],
  secretHint: "Integrations → Webhooks → your webhook: the user and password that you put into its URL.",
  bodyAuthenticated: false,
  setup: [
    "Enter the URL of this source as the webhook URL in Datadog.",
    "Give it a user and a long random password, and save both here as user:password.",
  ],
  experimental: true,
  ipRanges: ["https://ip-ranges.datadoghq.com/webhooks.json"],
  samples: [
    {
      type: "monitor.alert",
      body: {
        id: "1000000000000000001",
        last_updated: "1760000000000",
        event_type: "query_alert_monitor",
        title: "[Triggered] CPU is high on host-1.example.test",
        date: "1760000000000",
        org: { id: "1000001", name: "Example" },
        body: "CPU is above 90 % for five minutes.",
      },
    },
  ],
} as const satisfies Provider;
