// Nylas webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "nylas",
  name: "Nylas",
  docsUrl: "https://developer.nylas.com/docs/v3/notifications/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-nylas-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["json:id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:time", unit: "s" }],
  eventKey: ["json:data.object.id"],
  bodyAuthenticated: true,
  handshakes: [{ name: "challenge", methods: ["GET"], when: [{ at: "query:challenge", is: "present" }], text: "{query:challenge}" }],
  setup: [
    "Create a webhook in Nylas and enter the URL of this source.",
    "Copy the signing secret that Nylas shows and save it here as it is.",
  ],
  secretHint: "The webhook_secret that Nylas returns once, when the webhook is created.",
  samples: [
    {
      type: "message.created",
      body: {
        specversion: "1.0",
        type: "message.created",
        source: "/google/emails/realtime",
        id: "exampleevent0001",
        time: 1760000000,
        webhook_delivery_attempt: 1,
        data: {
          application_id: "00000000-0000-4000-8000-00000000000b",
          object: {
            id: "examplemessage0001",
            object: "message",
            grant_id: "00000000-0000-4000-8000-00000000000c",
            subject: "Hello",
            from: [{ email: "ada@example.test", name: "Ada Example" }],
            date: 1760000000,
            unread: true,
          },
        },
      },
    },
  ],
} as const satisfies Provider;
