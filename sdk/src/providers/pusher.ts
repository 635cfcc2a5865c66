// Pusher webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "pusher",
  name: "Pusher",
  docsUrl: "https://pusher.com/docs",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-pusher-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: true,
  batch: { items: "json:events", type: ["json:name"], key: ["json:channel"] },
  setup: [
    "Enter the URL of this source under Webhooks of the app in the Pusher dashboard.",
    "Save the secret of the app key named in the header X-Pusher-Key here.",
  ],
} as const satisfies Provider;
