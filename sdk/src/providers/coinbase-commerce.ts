// Coinbase Commerce webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "coinbase-commerce",
  name: "Coinbase Commerce",
  docsUrl: "https://docs.cdp.coinbase.com/commerce",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-cc-webhook-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["json:event.id"],
  eventType: ["json:event.type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Coinbase Commerce and enter the URL of this source.",
    "Copy the signing secret that Coinbase Commerce shows and save it here as it is.",
  ],
} as const satisfies Provider;
