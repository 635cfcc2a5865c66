// Brevo: a shared token in the header authorization.
import type { Provider } from "../provider.ts";

export default {
  id: "brevo",
  name: "Brevo",
  docsUrl: "https://developers.brevo.com/docs/secured-webhooks",
  scheme: { kind: "token", header: "authorization", prefix: "Bearer " },
  eventId: [],
  eventType: ["json:event"],
  eventTime: [{ from: "json:ts_event", unit: "s" }],
  eventKey: ["json:message-id"],
  secretHint: "The token is your own: auth.token with the type bearer in the call that creates the webhook.",
  bodyAuthenticated: false,
  experimental: true,
  setup: [
    "Create a webhook in Brevo with the URL of this source.",
    "Choose bearer authentication with the secret of this source as its token.",
  ],
  ipRanges: ["1.179.112.0/20", "172.246.240.0/20"],
  samples: [
    {
      type: "delivered",
      body: {
        event: "delivered",
        email: "ada@example.test",
        id: 100001,
        date: "2025-10-09 10:53:20",
        ts: 1760000000,
        "message-id": "<202510090853.00000000001@smtp-relay.example.test>",
        ts_event: 1760000000,
        subject: "Your order",
        sending_ip: "192.0.2.10",
        tags: ["order"],
      },
    },
  ],
} as const satisfies Provider;
