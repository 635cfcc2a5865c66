// Doppler webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "doppler",
  name: "Doppler",
  docsUrl: "https://docs.doppler.com/docs/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-doppler-signature"], prefix: "sha256=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: [],
  eventType: ["json:type", "json:event"],
  eventKey: ["text:{json:project.id}/{json:config.name}"],
  secretHint: "Project → Webhooks → your webhook → Signing secret: the text you entered there yourself.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Doppler and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  samples: [
    {
      type: "config.secrets.update",
      body: {
        type: "config.secrets.update",
        config: { name: "prd", environment: "prd", project: "example", root: true, locked: false },
        project: { id: "example", name: "example", description: "" },
        workspace: { id: "workplace-example-0001", name: "Example" },
        diff: { added: ["API_URL"], removed: [], updated: [] },
      },
    },
  ],
} as const satisfies Provider;
