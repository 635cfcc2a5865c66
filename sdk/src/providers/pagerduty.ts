// PagerDuty webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "pagerduty",
  name: "PagerDuty",
  docsUrl: "https://docs.pagerduty.com/developer/verifying-webhook-signatures",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-pagerduty-signature"], parse: "list", sep: ",", prefix: "v1=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:event.id"],
  eventType: ["json:event.event_type"],
  eventTime: [{ from: "json:event.occurred_at", unit: "rfc3339" }],
  eventKey: ["json:event.data.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a v3 webhook subscription in PagerDuty and enter the URL of this source.",
    "Copy the signing secret that PagerDuty shows and save it here as it is.",
  ],
  secretHint: "The secret that PagerDuty shows once, when the v3 webhook subscription is created.",
  samples: [
    {
      type: "incident.triggered",
      body: {
        event: {
          id: "01EXAMPLE00000000000000001",
          event_type: "incident.triggered",
          resource_type: "incident",
          occurred_at: "2026-10-09T08:53:20.000Z",
          agent: null,
          client: null,
          data: {
            id: "PEXAMPL",
            type: "incident",
            number: 2,
            status: "triggered",
            title: "Disk is full",
            urgency: "high",
            service: { id: "PSERVIC", type: "service_reference", summary: "API" },
          },
        },
      },
    },
  ],
} as const satisfies Provider;
