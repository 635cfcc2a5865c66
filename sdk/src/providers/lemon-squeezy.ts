// Lemon Squeezy webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "lemon-squeezy",
  name: "Lemon Squeezy",
  docsUrl: "https://docs.lemonsqueezy.com",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["header:x-event-name", "json:meta.event_name"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Lemon Squeezy and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
} as const satisfies Provider;
