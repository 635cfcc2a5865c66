// Zendesk webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "zendesk",
  name: "Zendesk",
  docsUrl: "https://developer.zendesk.com/documentation/webhooks/verifying/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-zendesk-webhook-signature"] },
    enc: "base64",
    content: "{ts}{body}",
    ts: { from: "header:x-zendesk-webhook-signature-timestamp", unit: "rfc3339", future: false },
  },
  eventId: ["header:x-zendesk-webhook-invocation-id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:time", unit: "rfc3339" }],
  eventKey: ["json:detail.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Zendesk and enter the URL of this source.",
    "Copy the signing secret that Zendesk shows and save it here as it is.",
  ],
  secretHint: "Admin Center → Apps and integrations → Webhooks → your webhook → Reveal secret.",
  samples: [
    {
      type: "zen:event-type:ticket.created",
      body: {
        type: "zen:event-type:ticket.created",
        account_id: 1000001,
        id: "00000000-0000-4000-8000-000000000027",
        time: "2026-10-09T08:53:20.000000Z",
        zendesk_event_version: "2022-11-06",
        subject: "zen:ticket:1001",
        event: {},
        detail: { id: "1001", subject: "Help", status: "NEW", priority: "NORMAL", requester_id: "1000002" },
      },
    },
  ],
} as const satisfies Provider;
