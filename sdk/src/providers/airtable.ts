// Airtable webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "airtable",
  name: "Airtable",
  docsUrl: "https://airtable.com/developers/web/api/webhooks-overview",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "base64",
    sig: { header: ["x-airtable-content-mac"], prefix: "hmac-sha256=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: [],
  eventType: [],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook through the Airtable API with the URL of this source as its notification URL.",
    "Save the macSecretBase64 of the answer here.",
    "The request carries no change: list the payloads of the webhook through the API.",
  ],
} as const satisfies Provider;
