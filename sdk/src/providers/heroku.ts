// Heroku webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "heroku",
  name: "Heroku",
  docsUrl: "https://devcenter.heroku.com/articles/app-webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["heroku-webhook-hmac-sha256"] },
    enc: "base64",
    content: "{body}",
  },
  eventId: ["json:webhook_metadata.event.id"],
  eventType: ["json:webhook_metadata.event.include"],
  eventTime: [{ from: "json:created_at", unit: "rfc3339" }],
  eventKey: ["json:data.app.id", "json:data.id"],
  secretHint: "The secret that heroku webhooks:add prints, or that you gave it with --secret; it is shown once.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Heroku and enter the URL of this source.",
    "Copy the signing secret that Heroku shows and save it here as it is.",
  ],
  samples: [
    {
      type: "api:release",
      body: {
        id: "00000000-0000-4000-8000-000000000001",
        action: "update",
        actor: { id: "00000000-0000-4000-8000-000000000002", email: "ada@example.test" },
        created_at: "2025-10-09T08:53:20Z",
        data: {
          id: "00000000-0000-4000-8000-000000000003",
          app: { id: "00000000-0000-4000-8000-000000000004", name: "example" },
          status: "succeeded",
          version: 27,
          description: "Deploy 22222222",
        },
        previous_data: {},
        published_at: "2025-10-09T08:53:20Z",
        resource: "release",
        sequence: null,
        updated_at: "2025-10-09T08:53:20Z",
        version: "application/vnd.heroku+json; version=3",
        webhook_metadata: {
          attempt: { id: "00000000-0000-4000-8000-000000000005" },
          delivery: { id: "00000000-0000-4000-8000-000000000006" },
          event: { id: "00000000-0000-4000-8000-000000000001", include: "api:release" },
          webhook: { id: "00000000-0000-4000-8000-000000000007" },
        },
      },
    },
  ],
} as const satisfies Provider;
