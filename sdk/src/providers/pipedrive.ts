// Pipedrive: HTTP Basic authentication.
import type { Provider } from "../provider.ts";

export default {
  id: "pipedrive",
  name: "Pipedrive",
  docsUrl: "https://pipedrive.readme.io/docs/guide-for-webhooks-v2",
  scheme: { kind: "basic" },
  eventId: [],
  eventType: ["json:event", "text:{json:meta.action}.{json:meta.entity}"],
  eventTime: [{ from: "json:meta.timestamp", unit: "rfc3339" }],
  eventKey: ["json:meta.entity_id"],
  bodyAuthenticated: false,
  experimental: true,
  setup: [
    "Enter the URL of this source as the webhook URL in Pipedrive.",
    "Give it a user and a long random password, and save both here as user:password.",
  ],
  secretHint: "The HTTP Auth username and password that you entered when you created the webhook under Tools and apps → Webhooks.",
  samples: [
    {
      type: "change.deal",
      body: {
        data: { id: 1001, title: "Example deal", value: 1200, currency: "EUR", status: "open", stage_id: 3 },
        previous: { stage_id: 2 },
        meta: {
          action: "change",
          entity: "deal",
          entity_id: "1001",
          company_id: "100001",
          user_id: "100002",
          id: "00000000-0000-4000-8000-000000000010",
          timestamp: "2026-10-09T08:53:20.000Z",
          version: "2.0",
          attempt: 1,
        },
      },
    },
  ],
} as const satisfies Provider;
