// Twitch EventSub webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "twitch",
  name: "Twitch EventSub",
  docsUrl: "https://dev.twitch.tv/docs/eventsub/handling-webhook-events/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["twitch-eventsub-message-signature"], prefix: "sha256=" },
    enc: "hex",
    content: "{header:twitch-eventsub-message-id}{ts}{body}",
    ts: { from: "header:twitch-eventsub-message-timestamp", unit: "rfc3339", toleranceSeconds: 600, future: false },
  },
  eventId: ["header:twitch-eventsub-message-id"],
  eventType: ["header:twitch-eventsub-subscription-type"],
  eventTime: [{ from: "header:twitch-eventsub-message-timestamp", unit: "rfc3339" }],
  eventKey: ["json:event.broadcaster_user_id"],
  bodyAuthenticated: true,
  handshakes: [
    {
      name: "callback verification",
      signed: true,
      methods: ["POST"],
      when: [{ at: "header:twitch-eventsub-message-type", equals: "webhook_callback_verification" }],
      text: "{json:challenge}",
    },
  ],
  setup: [
    "Create an EventSub subscription through the Twitch API with the URL of this source as its callback.",
    "Give the secret of this source, 10 to 100 characters, as the secret of the subscription.",
  ],
  secretHint: "The secret that you gave in transport.secret when the EventSub subscription was created.",
  samples: [
    {
      type: "stream.online",
      headers: {
        "twitch-eventsub-message-type": "notification",
        "twitch-eventsub-subscription-type": "stream.online",
        "twitch-eventsub-subscription-version": "1",
      },
      body: {
        subscription: {
          id: "00000000-0000-4000-8000-000000000023",
          type: "stream.online",
          version: "1",
          status: "enabled",
          cost: 0,
          condition: { broadcaster_user_id: "1000001" },
          created_at: "2026-10-01T08:00:00Z",
        },
        event: {
          id: "1000000001",
          broadcaster_user_id: "1000001",
          broadcaster_user_login: "example",
          broadcaster_user_name: "Example",
          type: "live",
          started_at: "2026-10-09T08:53:20Z",
        },
      },
    },
  ],
} as const satisfies Provider;
