// Front webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "front",
  name: "Front",
  docsUrl: "https://dev.frontapp.com/docs",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-front-signature"] },
    enc: "base64",
    content: "{ts}:{body}",
    ts: { from: "header:x-front-request-timestamp", unit: "ms", future: false },
  },
  eventId: [],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  experimental: true,
  setup: ["Add the URL of this source as a webhook of the Front app.", "Save the signing key of the app here."],
} as const satisfies Provider;
