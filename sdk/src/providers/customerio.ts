// Customer.io webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "customerio",
  name: "Customer.io",
  docsUrl: "https://docs.customer.io",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-cio-signature"] },
    enc: "hex",
    content: "v0:{ts}:{body}",
    ts: { from: "header:x-cio-timestamp", unit: "s", toleranceSeconds: 300, future: false },
  },
  eventId: ["json:event_id"],
  eventType: ["text:{json:object_type}.{json:metric}"],
  bodyAuthenticated: true,
  setup: [
    "Create a reporting webhook in Customer.io and enter the URL of this source.",
    "Copy the signing secret that Customer.io shows and save it here as it is.",
  ],
} as const satisfies Provider;
