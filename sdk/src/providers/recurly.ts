// Recurly: the header is a time and then signatures, one for each secret of the last 24 hours.
import type { Provider } from "../provider.ts";

export default {
  id: "recurly",
  name: "Recurly",
  docsUrl: "https://docs.recurly.com",
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
  bodyAuthenticated: true,
  setup: [
    "Create a JSON webhook endpoint in Recurly and enter the URL of this source.",
    "Copy the secret key that Recurly shows and save it here as it is.",
  ],
  answerWithinSeconds: 5,
} as const satisfies Provider;
