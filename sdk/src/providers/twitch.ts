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
} as const satisfies Provider;
