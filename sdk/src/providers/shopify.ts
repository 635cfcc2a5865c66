// Shopify webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "shopify",
  name: "Shopify",
  docsUrl: "https://shopify.dev/docs/apps/build/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-shopify-hmac-sha256", "shopify-hmac-sha256"] },
    enc: "base64",
    content: "{body}",
  },
  eventId: ["header:x-shopify-event-id", "header:shopify-event-id"],
  eventType: ["header:x-shopify-topic", "header:shopify-topic"],
  bodyAuthenticated: true,
  setup: [
    "Subscribe to topics in the app's configuration, with the URL of this source as the address.",
    "Save the client secret of the app here; after a rotation the old one can be used for up to an hour.",
  ],
  answerWithinSeconds: 5,
  retry: "8 times over 4 hours; after 8 failures in a row a subscription made through the Admin API is deleted.",
} as const satisfies Provider;
