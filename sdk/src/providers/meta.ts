// Meta: WhatsApp, Messenger, Instagram and Pages. The bytes are signed as sent, with Unicode escaped.
import type { Provider } from "../provider.ts";

export default {
  id: "meta",
  name: "Meta (WhatsApp, Messenger, Instagram, Pages)",
  docsUrl: "https://developers.facebook.com/docs/graph-api/webhooks",
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
} as const satisfies Provider;
