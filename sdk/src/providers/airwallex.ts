// Airwallex webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "airwallex",
  name: "Airwallex",
  docsUrl: "https://www.airwallex.com/docs",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-signature"] },
    enc: "hex",
    content: "{ts}{body}",
    ts: { from: "header:x-timestamp", unit: "ms", future: false },
  },
  eventId: ["json:id"],
  eventType: ["json:name"],
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Create a webhook in Airwallex and enter the URL of this source.",
    "Copy the secret key that Airwallex shows and save it here as it is.",
  ],
} as const satisfies Provider;
