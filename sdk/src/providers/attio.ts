// Attio webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "attio",
  name: "Attio",
  docsUrl: "https://docs.attio.com/rest-api/guides/webhooks",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["attio-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["json:events.0.event_type"],
  eventKey: ["json:events.0.id.record_id", "json:events.0.id.entry_id", "json:events.0.id.note_id", "json:events.0.id.task_id"],
  secretHint: "The webhook secret in the answer to Create a webhook, or on the webhook in the developer settings.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Attio and enter the URL of this source.",
    "Copy the signing secret that Attio shows and save it here as it is.",
  ],
  samples: [
    {
      type: "record.created",
      body: {
        webhook_id: "00000000-0000-4000-8000-000000000001",
        events: [
          {
            event_type: "record.created",
            id: {
              workspace_id: "00000000-0000-4000-8000-000000000002",
              object_id: "00000000-0000-4000-8000-000000000003",
              record_id: "00000000-0000-4000-8000-000000000004",
            },
            actor: { type: "workspace-member", id: "00000000-0000-4000-8000-000000000005" },
          },
        ],
      },
    },
  ],
} as const satisfies Provider;
