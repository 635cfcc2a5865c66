// Box: one header for each of two keys, and no time in the future is accepted.
import type { Provider } from "../provider.ts";

export default {
  id: "box",
  name: "Box",
  docsUrl: "https://developer.box.com/guides/webhooks/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["box-signature-primary", "box-signature-secondary"], every: true },
    enc: "base64",
    content: "{body}{ts}",
    ts: { from: "header:box-delivery-timestamp", unit: "rfc3339", toleranceSeconds: 600, future: true, aheadSeconds: 0 },
  },
  eventId: ["header:box-delivery-id", "json:id"],
  eventType: ["json:trigger"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook for the Box app with the URL of this source.",
    "Generate a primary signature key under Webhooks, Manage signature keys, and save it here.",
  ],
} as const satisfies Provider;
