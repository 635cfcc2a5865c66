// Intercom webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "intercom",
  name: "Intercom",
  docsUrl: "https://developers.intercom.com/docs/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha1",
    key: "utf8",
    sig: { header: ["x-hub-signature"], prefix: "sha1=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:id"],
  eventType: ["json:topic"],
  eventTime: [{ from: "json:created_at", unit: "s" }],
  eventKey: ["json:data.item.id"],
  secretHint: "Developer Hub → your app → Basic information → Client secret.",
  bodyAuthenticated: true,
  setup: [
    "Open the app in the Intercom developer hub and add the URL of this source under Webhooks.",
    "Save the client secret of the app here.",
  ],
  samples: [
    {
      type: "conversation.user.created",
      body: {
        type: "notification_event",
        app_id: "example1",
        data: {
          type: "notification_event_data",
          item: {
            type: "conversation",
            id: "100000000000001",
            created_at: 1760000000,
            state: "open",
            source: { type: "conversation", body: "<p>A widget is broken.</p>", author: { type: "user", email: "ada@example.test" } },
          },
        },
        links: {},
        id: "notif_example_0001",
        topic: "conversation.user.created",
        delivery_status: "pending",
        delivery_attempts: 1,
        delivered_at: 0,
        first_sent_at: 1760000000,
        created_at: 1760000000,
        self: null,
      },
    },
  ],
} as const satisfies Provider;
