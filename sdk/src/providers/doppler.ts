// Doppler webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "doppler",
  name: "Doppler",
  docsUrl: "https://docs.doppler.com",
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
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Doppler and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
} as const satisfies Provider;
