// Fintoc webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "fintoc",
  name: "Fintoc",
  docsUrl: "https://docs.fintoc.com/docs/webhooks-validating",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["fintoc-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", future: false },
  },
  eventId: ["json:id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:created_at", unit: "rfc3339" }],
  eventKey: ["json:data.id"],
  secretHint: "The secret of the webhook endpoint, which Fintoc shows when it is created.",
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Create a webhook in Fintoc and enter the URL of this source.",
    "Copy the signing secret that Fintoc shows and save it here as it is.",
  ],
  samples: [
    {
      type: "payment_intent.succeeded",
      body: {
        id: "evt_example0001",
        object: "event",
        type: "payment_intent.succeeded",
        mode: "test",
        created_at: "2025-10-09T08:53:20Z",
        data: { id: "pi_example0001", object: "payment_intent", amount: 1500, currency: "CLP", status: "succeeded", mode: "test" },
      },
    },
  ],
} as const satisfies Provider;
