// Asana webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "asana",
  name: "Asana",
  docsUrl: "https://developers.asana.com/docs/webhooks-guide",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-hook-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["text:{json:events.0.resource.resource_type}.{json:events.0.action}"],
  eventTime: [{ from: "json:events.0.created_at", unit: "rfc3339" }],
  eventKey: ["json:events.0.resource.gid"],
  secretHint: "The X-Hook-Secret header of the first request that Asana sent when the webhook was created.",
  bodyAuthenticated: true,
  handshakes: [
    {
      name: "handshake",
      methods: ["POST"],
      when: [{ at: "header:x-hook-secret", is: "present" }],
      headers: { "x-hook-secret": "{header:x-hook-secret}" },
      effect: { kind: "learn-secret", secret: "header:x-hook-secret" },
    },
    { name: "heartbeat", signed: true, methods: ["POST"], when: [{ at: "json:events", is: "empty" }] },
  ],
  batch: {
    items: "json:events",
    type: ["text:{json:resource.resource_type}.{json:action}"],
    time: [{ from: "json:created_at", unit: "rfc3339" }],
    key: ["json:resource.gid"],
  },
  setup: [
    "Create a webhook through the Asana API with the URL of this source as its target.",
    "Save the X-Hook-Secret that Asana sent in the first request here.",
  ],
  answerWithinSeconds: 10,
  retry: "For up to 24 hours.",
  samples: [
    {
      type: "task.changed",
      body: {
        events: [
          {
            user: { gid: "1200000000000001", resource_type: "user" },
            created_at: "2025-10-09T08:53:20.000Z",
            action: "changed",
            resource: { gid: "1200000000000002", resource_type: "task", resource_subtype: "default_task" },
            parent: null,
            change: { field: "due_on", action: "changed" },
          },
        ],
      },
    },
  ],
} as const satisfies Provider;
