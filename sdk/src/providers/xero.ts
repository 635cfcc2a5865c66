// Xero webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "xero",
  name: "Xero",
  docsUrl: "https://developer.xero.com/documentation/guides/webhooks/overview/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-xero-signature"] }, enc: "base64", content: "{body}" },
  eventId: [],
  eventType: ["text:{json:events.0.eventCategory}.{json:events.0.eventType}"],
  bodyAuthenticated: true,
  // Xero tests with right and wrong signatures; the wrong ones must get 401.
  handshakes: [{ name: "intent to receive", signed: true, methods: ["POST"], when: [{ at: "json:events", is: "empty" }] }],
  batch: {
    items: "json:events",
    id: ["text:{json:eventDateUtc}.{json:resourceId}", "text:{json:eventDate}.{json:resourceId}"],
    type: ["text:{json:eventCategory}.{json:eventType}"],
    key: ["json:resourceId"],
  },
  setup: [
    "Open the app at developer.xero.com, choose Webhooks and enter the URL of this source.",
    "Copy the webhooks key and save it here before you send the intent to receive.",
  ],
} as const satisfies Provider;
