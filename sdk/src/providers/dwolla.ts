// Dwolla webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "dwolla",
  name: "Dwolla",
  docsUrl: "https://developers.dwolla.com",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-request-signature-sha-256"] },
    enc: "hex",
    content: "{body}",
  },
  eventId: [],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook subscription through the Dwolla API with the URL of this source.",
    "Save the secret you gave in that call here.",
  ],
} as const satisfies Provider;
