// Webflow webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "webflow",
  name: "Webflow",
  docsUrl: "https://developers.webflow.com",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-webflow-signature"] },
    enc: "hex",
    content: "{ts}:{body}",
    ts: { from: "header:x-webflow-timestamp", unit: "ms", future: false },
  },
  eventId: [],
  eventType: ["json:triggerType"],
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Create a webhook in Webflow and enter the URL of this source.",
    "Copy the signing secret that Webflow shows and save it here as it is.",
  ],
} as const satisfies Provider;
