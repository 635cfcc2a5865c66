// WorkOS webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "workos",
  name: "WorkOS",
  docsUrl: "https://workos.com/docs/events/data-syncing/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["workos-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "ms", toleranceSeconds: 180, future: false },
  },
  eventId: ["json:id"],
  eventType: ["json:event"],
  eventTime: [{ from: "json:created_at", unit: "rfc3339" }],
  eventKey: ["json:data.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in WorkOS and enter the URL of this source.",
    "Copy the signing secret that WorkOS shows and save it here as it is.",
  ],
  secretHint: "Webhooks → your endpoint → Signing secret in the WorkOS dashboard.",
  samples: [
    {
      type: "user.created",
      body: {
        id: "event_EXAMPLE0001",
        event: "user.created",
        created_at: "2026-10-09T08:53:20.000Z",
        data: {
          object: "user",
          id: "user_EXAMPLE0001",
          email: "ada@example.test",
          first_name: "Ada",
          email_verified: true,
          created_at: "2026-10-09T08:53:20.000Z",
        },
      },
    },
  ],
} as const satisfies Provider;
