// Notion webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "notion",
  name: "Notion",
  docsUrl: "https://developers.notion.com/reference/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-notion-signature"], prefix: "sha256=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:timestamp", unit: "rfc3339" }],
  eventKey: ["json:entity.id"],
  bodyAuthenticated: true,
  handshakes: [
    {
      name: "verification token",
      methods: ["POST"],
      when: [
        { at: "json:verification_token", is: "present" },
        { at: "json:type", is: "absent" },
      ],
      effect: { kind: "learn-secret", secret: "json:verification_token" },
    },
  ],
  setup: [
    "Create a webhook subscription in the settings of the Notion integration with the URL of this source.",
    "Notion sends a verification_token: paste it at Notion to confirm, and save it here as the secret.",
  ],
  secretHint: "The verification_token that Notion sends to the URL once, when the subscription is created.",
  samples: [
    {
      type: "page.created",
      body: {
        id: "00000000-0000-4000-8000-000000000004",
        timestamp: "2026-10-09T08:53:20.000Z",
        workspace_id: "00000000-0000-4000-8000-000000000005",
        subscription_id: "00000000-0000-4000-8000-000000000006",
        integration_id: "00000000-0000-4000-8000-000000000007",
        type: "page.created",
        authors: [{ id: "00000000-0000-4000-8000-000000000008", type: "person" }],
        attempt_number: 1,
        entity: { id: "00000000-0000-4000-8000-000000000009", type: "page" },
        data: { parent: { id: "00000000-0000-4000-8000-00000000000a", type: "space" } },
      },
    },
  ],
} as const satisfies Provider;
