// Calendly webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "calendly",
  name: "Calendly",
  docsUrl: "https://developer.calendly.com",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["calendly-webhook-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", toleranceSeconds: 180, future: false },
  },
  eventId: [],
  eventType: ["json:event"],
  bodyAuthenticated: true,
  setup: ["Create a webhook subscription through the Calendly API with the URL of this source.", "Save its signing key here."],
} as const satisfies Provider;
