// Typeform webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "typeform",
  name: "Typeform",
  docsUrl: "https://www.typeform.com/developers/webhooks/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["typeform-signature"], prefix: "sha256=" },
    enc: "base64",
    content: "{body}",
  },
  eventId: ["json:event_id"],
  eventType: ["json:event_type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Typeform and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
} as const satisfies Provider;
