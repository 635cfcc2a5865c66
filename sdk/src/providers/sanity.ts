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
  eventTime: [{ from: "json:_updatedAt", unit: "rfc3339" }],
  eventKey: ["json:_id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Sanity and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  secretHint: "API → Webhooks → your webhook → Secret in sanity.io/manage: the text that you entered there.",
  samples: [
    {
      type: "document.updated",
      body: {
        _id: "example-document-0001",
        _type: "article",
        _rev: "EXAMPLErev0001",
        _createdAt: "2026-10-01T08:00:00Z",
        _updatedAt: "2026-10-09T08:53:20Z",
        title: "Hello",
      },
    },
  ],
} as const satisfies Provider;
