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
} as const satisfies Provider;
