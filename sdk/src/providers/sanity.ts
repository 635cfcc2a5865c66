// Sanity webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "sanity",
  name: "Sanity",
  docsUrl: "https://www.sanity.io/docs/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["sanity-webhook-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t" },
    enc: "base64url",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "ms", future: false },
  },
  eventId: ["header:idempotency-key"],
  eventType: [],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Sanity and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
} as const satisfies Provider;
