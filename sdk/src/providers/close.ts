// Close webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "close",
  name: "Close",
  docsUrl: "https://developer.close.com",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "hex",
    sig: { header: ["close-sig-hash"] },
    enc: "hex",
    content: "{ts}{body}",
    ts: { from: "header:close-sig-timestamp", unit: "s", future: false },
  },
  eventId: [],
  eventType: ["text:{json:event.object_type}.{json:event.action}"],
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Create a webhook subscription through the Close API with the URL of this source.",
    "Save the signature_key of the answer here; it is hex.",
  ],
} as const satisfies Provider;
