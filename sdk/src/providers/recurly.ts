// Recurly: the header is a time and then signatures, one for each secret of the last 24 hours.
import type { Provider } from "../provider.ts";

export default {
  id: "recurly",
  name: "Recurly",
  docsUrl: "https://docs.recurly.com/recurly-subscriptions/docs/signature-verification",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["recurly-signature"], parse: "csv", sep: "," },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "ms", toleranceSeconds: 300, future: true },
  },
  eventId: ["header:recurly-notification-id", "json:id"],
  eventType: ["text:{json:object_type}.{json:event_type}"],
  eventTime: [{ from: "json:event_time", unit: "rfc3339" }],
  bodyAuthenticated: true,
  setup: [
    "Create a JSON webhook endpoint in Recurly and enter the URL of this source.",
    "Copy the secret key that Recurly shows and save it here as it is.",
  ],
  secretHint: "Webhook Endpoints page of Recurly: the secret key of your endpoint.",
  answerWithinSeconds: 5,
  samples: [
    {
      type: "subscription.created",
      body: {
        id: "exampleevent01",
        object_type: "subscription",
        event_type: "created",
        site_id: "examplesite01",
        event_time: "2026-10-09T08:53:20Z",
        uuid: "example0000000000000000000000001",
      },
    },
  ],
} as const satisfies Provider;
