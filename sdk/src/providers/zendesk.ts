// Zendesk webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "zendesk",
  name: "Zendesk",
  docsUrl: "https://developer.zendesk.com/documentation/webhooks/verifying/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-zendesk-webhook-signature"] },
    enc: "base64",
    content: "{ts}{body}",
    ts: { from: "header:x-zendesk-webhook-signature-timestamp", unit: "rfc3339", future: false },
  },
  eventId: ["header:x-zendesk-webhook-invocation-id"],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Zendesk and enter the URL of this source.",
    "Copy the signing secret that Zendesk shows and save it here as it is.",
  ],
} as const satisfies Provider;
