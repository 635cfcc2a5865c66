// Netlify deploy notifications. The token holds the hash of the body and no time, so an old request can be sent again.
import type { Provider } from "../provider.ts";

export default {
  id: "netlify",
  name: "Netlify",
  docsUrl: "https://docs.netlify.com/deploy/deploy-notifications/",
  scheme: {
    kind: "jwt",
    header: "x-webhook-signature",
    algs: ["HS256"],
    leewaySeconds: 0,
    iss: "netlify",
    bodyHash: { claim: "sha256", enc: "hex" },
  },
  eventId: [],
  eventType: ["header:x-netlify-event"],
  eventTime: [{ from: "json:updated_at", unit: "rfc3339" }],
  eventKey: ["json:site_id"],
  bodyAuthenticated: true,
  setup: [
    "Open Project configuration, Notifications, Emails and webhooks, Deploy notifications in Netlify.",
    "Add an HTTP POST request with the URL of this source and the secret of this source as the JWS secret token.",
  ],
  secretHint: "The JWS secret token that you entered with the HTTP POST request under Deploy notifications.",
  samples: [
    {
      type: "deploy_created",
      headers: { "x-netlify-event": "deploy_created" },
      body: {
        id: "example0000000000000deploy",
        site_id: "00000000-0000-4000-8000-000000000003",
        state: "ready",
        name: "example-site",
        url: "https://site.example.test",
        branch: "main",
        context: "production",
        created_at: "2026-10-09T08:52:00.000Z",
        updated_at: "2026-10-09T08:53:20.000Z",
      },
    },
  ],
} as const satisfies Provider;
