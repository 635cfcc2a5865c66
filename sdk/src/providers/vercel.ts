// Vercel webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "vercel",
  name: "Vercel",
  docsUrl: "https://vercel.com/docs/webhooks/webhooks-api#securing-webhooks",
  scheme: { kind: "hmac", alg: "hmac-sha1", key: "utf8", sig: { header: ["x-vercel-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["json:id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:createdAt", unit: "ms" }],
  eventKey: ["json:payload.deployment.id", "json:payload.project.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Vercel and enter the URL of this source.",
    "Copy the signing secret that Vercel shows and save it here as it is.",
  ],
  secretHint:
    "Team Settings → Webhooks: the secret that Vercel shows once, when the webhook is created; for an integration, its client secret.",
  samples: [
    {
      type: "deployment.succeeded",
      body: {
        id: "example-event-0001",
        type: "deployment.succeeded",
        createdAt: 1760000000000,
        region: null,
        payload: {
          user: { id: "exampleuser0001" },
          team: { id: "team_EXAMPLE0001" },
          project: { id: "prj_EXAMPLE0001" },
          deployment: { id: "dpl_EXAMPLE0001", name: "example-site", url: "example-site.example.test", meta: {} },
          target: "production",
        },
      },
    },
  ],
} as const satisfies Provider;
