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
  eventTime: [{ from: "json:timestamp", unit: "rfc3339" }],
  eventKey: ["json:base.id"],
  secretHint: "The macSecretBase64 in the answer to Create a webhook; Airtable shows it once.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook through the Airtable API with the URL of this source as its notification URL.",
    "Save the macSecretBase64 of the answer here.",
    "The request carries no change: list the payloads of the webhook through the API.",
  ],
  samples: [
    {
      type: "webhook.notified",
      body: { base: { id: "appExample0000001" }, webhook: { id: "achExample0000001" }, timestamp: "2025-10-09T08:53:20.000Z" },
    },
  ],
} as const satisfies Provider;
