// Pusher webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "pusher",
  name: "Pusher",
  docsUrl: "https://pusher.com/docs/channels/server_api/webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-pusher-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["json:events.0.name"],
  eventTime: [{ from: "json:time_ms", unit: "ms" }],
  eventKey: ["json:events.0.channel"],
  bodyAuthenticated: true,
  batch: { items: "json:events", type: ["json:name"], key: ["json:channel"] },
  setup: [
    "Enter the URL of this source under Webhooks of the app in the Pusher dashboard.",
    "Save the secret of the app key named in the header X-Pusher-Key here.",
  ],
  secretHint: "App Keys of the app in the Pusher dashboard: the secret that belongs to the key in the header X-Pusher-Key.",
  samples: [
    {
      type: "channel_occupied",
      headers: { "x-pusher-key": "examplekey0001" },
      body: { time_ms: 1760000000000, events: [{ name: "channel_occupied", channel: "orders" }] },
    },
  ],
} as const satisfies Provider;
