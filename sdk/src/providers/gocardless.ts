// GoCardless webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "gocardless",
  name: "GoCardless",
  docsUrl: "https://developer.gocardless.com",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["webhook-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["json:meta.webhook_id"],
  eventType: ["text:{json:events.0.resource_type}.{json:events.0.action}"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in GoCardless and enter the URL of this source.",
    "Copy the secret that GoCardless shows and save it here as it is.",
  ],
} as const satisfies Provider;
