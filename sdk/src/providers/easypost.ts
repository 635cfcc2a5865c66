// EasyPost webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "easypost",
  name: "EasyPost",
  docsUrl: "https://docs.easypost.com",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "nfkd",
    sig: { header: ["x-hmac-signature"], prefix: "hmac-sha256-hex=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:id"],
  eventType: ["json:description"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in EasyPost and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
} as const satisfies Provider;
