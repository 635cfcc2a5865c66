// Checkout.com webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "checkout-com",
  name: "Checkout.com",
  docsUrl: "https://www.checkout.com/docs",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["cko-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["json:id"],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Checkout.com and enter the URL of this source.",
    "Copy the signing secret that Checkout.com shows and save it here as it is.",
  ],
} as const satisfies Provider;
