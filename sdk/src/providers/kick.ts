// Kick: one RSA key for all apps, published by Kick, over message id, time and body.
import type { Provider } from "../provider.ts";

export default {
  id: "kick",
  name: "Kick",
  docsUrl: "https://docs.kick.com/events/webhook-security",
  scheme: {
    kind: "asymmetric",
    alg: "rsa-sha256",
    header: "kick-event-signature",
    enc: "base64",
    content: "{header:kick-event-message-id}.{ts}.{body}",
    ts: { header: "kick-event-message-timestamp", unit: "rfc3339" },
  },
  eventId: ["header:kick-event-message-id"],
  eventType: ["header:kick-event-type"],
  eventTime: [{ from: "header:kick-event-message-timestamp", unit: "rfc3339" }],
  eventKey: ["json:broadcaster.user_id"],
  secretHint: "https://api.kick.com/public/v1/public-key, which is the same public key for all apps.",
  bodyAuthenticated: true,
  setup: [
    "Open Settings, Developer on Kick, edit your app, turn on Enable Webhooks and enter the URL of this source.",
    "Subscribe to events through the events subscriptions API.",
    "Save the public key from https://api.kick.com/public/v1/public-key here as the public key.",
  ],
  keySource: { kind: "pem", url: "https://api.kick.com/public/v1/public-key", at: "data.public_key" },
  retry: "Three tries in all, until the answer is 200.",
  samples: [
    {
      type: "channel.followed",
      headers: {
        "kick-event-type": "channel.followed",
        "kick-event-version": "1",
        "kick-event-subscription-id": "01EXAMPLE00000000000000002",
      },
      body: {
        broadcaster: {
          is_anonymous: false,
          user_id: 100001,
          username: "ada",
          is_verified: true,
          profile_picture: "https://example.test/ada.jpg",
          channel_slug: "ada",
          identity: null,
        },
        follower: {
          is_anonymous: false,
          user_id: 100002,
          username: "grace",
          is_verified: false,
          profile_picture: "https://example.test/grace.jpg",
          channel_slug: "grace",
          identity: null,
        },
      },
    },
  ],
} as const satisfies Provider;
