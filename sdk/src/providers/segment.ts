// Segment webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "segment",
  name: "Segment",
  docsUrl: "https://segment.com/docs",
  scheme: { kind: "hmac", alg: "hmac-sha1", key: "utf8", sig: { header: ["x-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["json:messageId"],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook destination in Segment and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
} as const satisfies Provider;
