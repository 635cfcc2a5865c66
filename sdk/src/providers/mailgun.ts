// Mailgun. Only a timestamp and a token are signed: the event itself is not.
import type { Provider } from "../provider.ts";

export default {
  id: "mailgun",
  name: "Mailgun",
  docsUrl: "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
  scheme: { kind: "body-signature", layout: "mailgun", key: "utf8" },
  eventId: ["json:event-data.id"],
  eventType: ["json:event-data.event"],
  eventKey: ["json:event-data.message.headers.message-id"],
  bodyAuthenticated: false,
  setup: [
    "Open Send, Sending, Webhooks in Mailgun and add the URL of this source for each event.",
    "Copy the HTTP webhook signing key and save it here as the secret.",
  ],
  secretHint: "In Mailgun, the HTTP webhook signing key under Send → Sending → Webhooks.",
  samples: [
    {
      type: "delivered",
      body: {
        signature: { timestamp: "1760000000", token: "0123456789abcdef0123456789abcdef0123456789abcdef01", signature: "00" },
        "event-data": {
          id: "EXAMPLE-W3mJtLSwT1tMvLJhZbM3tQ",
          event: "delivered",
          timestamp: 1760000000.123456,
          recipient: "ada@example.test",
          message: { headers: { "message-id": "20261009.1.EXAMPLE@mg.example.test", subject: "Your order" } },
        },
      },
    },
    {
      type: "opened",
      body: {
        signature: { timestamp: "1760000100", token: "abcdef0123456789abcdef0123456789abcdef0123456789ab", signature: "00" },
        "event-data": {
          id: "EXAMPLE-Ase7i2zsRYeDXztHGENqRA",
          event: "opened",
          timestamp: 1760000100.5,
          recipient: "ada@example.test",
          message: { headers: { "message-id": "20261009.1.EXAMPLE@mg.example.test" } },
        },
      },
    },
  ],
} as const satisfies Provider;
