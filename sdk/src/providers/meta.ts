// Meta: WhatsApp, Messenger, Instagram and Pages. The bytes are signed as sent, with Unicode escaped.
import type { Provider } from "../provider.ts";

export default {
  id: "meta",
  name: "Meta (WhatsApp, Messenger, Instagram, Pages)",
  docsUrl: "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-hub-signature-256"], prefix: "sha256=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: [
    "json:entry.0.changes.0.value.messages.0.id",
    "text:{json:entry.0.changes.0.value.statuses.0.id}.{json:entry.0.changes.0.value.statuses.0.status}",
  ],
  eventType: ["json:entry.0.changes.0.field", "json:object"],
  eventTime: [
    { from: "json:entry.0.changes.0.value.messages.0.timestamp", unit: "s" },
    { from: "json:entry.0.changes.0.value.statuses.0.timestamp", unit: "s" },
  ],
  eventKey: ["json:entry.0.changes.0.value.messages.0.from", "json:entry.0.changes.0.value.statuses.0.recipient_id", "json:entry.0.id"],
  bodyAuthenticated: true,
  handshakes: [
    {
      name: "verification request",
      methods: ["GET"],
      when: [
        { at: "query:hub.mode", equals: "subscribe" },
        { at: "query:hub.challenge", is: "present" },
      ],
      demands: [{ at: "query:hub.verify_token", param: "verifyToken" }],
      text: "{query:hub.challenge}",
    },
  ],
  setup: [
    "Add the Webhooks product to the app and enter the URL of this source as the callback URL.",
    "Save the app secret here.",
    "Enter a verify token of your own at Meta and save it here as the parameter verifyToken.",
  ],
  secretHint: "App settings → Basic → App secret in the Meta app dashboard.",
  samples: [
    {
      type: "messages",
      body: {
        object: "whatsapp_business_account",
        entry: [
          {
            id: "100000000000001",
            changes: [
              {
                field: "messages",
                value: {
                  messaging_product: "whatsapp",
                  metadata: { display_phone_number: "15550000001", phone_number_id: "100000000000002" },
                  contacts: [{ profile: { name: "Ada Example" }, wa_id: "15550000002" }],
                  messages: [
                    { from: "15550000002", id: "wamid.EXAMPLE0001", timestamp: "1760000000", type: "text", text: { body: "Hello" } },
                  ],
                },
              },
            ],
          },
        ],
      },
    },
    {
      type: "feed",
      body: {
        object: "page",
        entry: [
          {
            id: "100000000000003",
            time: 1760000000,
            changes: [{ field: "feed", value: { item: "post", verb: "add", post_id: "100000000000003_1", message: "Hello" } }],
          },
        ],
      },
    },
  ],
} as const satisfies Provider;
