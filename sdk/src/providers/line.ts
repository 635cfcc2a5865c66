// LINE webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "line",
  name: "LINE",
  docsUrl: "https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-line-signature"] }, enc: "base64", content: "{body}" },
  eventId: ["json:events.0.webhookEventId"],
  eventType: ["json:events.0.type"],
  eventTime: [{ from: "json:events.0.timestamp", unit: "ms" }],
  eventKey: ["json:events.0.source.groupId", "json:events.0.source.roomId", "json:events.0.source.userId"],
  secretHint: "LINE Developers Console → your channel → Basic settings → Channel secret.",
  bodyAuthenticated: true,
  handshakes: [{ name: "verification of the webhook URL", signed: true, methods: ["POST"], when: [{ at: "json:events", is: "empty" }] }],
  batch: {
    items: "json:events",
    id: ["json:webhookEventId"],
    type: ["json:type"],
    time: [{ from: "json:timestamp", unit: "ms" }],
    key: ["json:source.groupId", "json:source.roomId", "json:source.userId"],
  },
  setup: ["Enter the URL of this source as the webhook URL of the channel.", "Save the channel secret here."],
  samples: [
    {
      type: "message",
      body: {
        destination: "U00000000000000000000000000000001",
        events: [
          {
            type: "message",
            message: { type: "text", id: "100000000000000001", text: "Hello" },
            webhookEventId: "01EXAMPLE00000000000000001",
            deliveryContext: { isRedelivery: false },
            timestamp: 1760000000000,
            source: { type: "user", userId: "U00000000000000000000000000000002" },
            replyToken: "00000000000000000000000000000000",
            mode: "active",
          },
        ],
      },
    },
  ],
} as const satisfies Provider;
