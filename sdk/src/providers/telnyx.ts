// Telnyx: ed25519 over timestamp and body, checked with the public key of the account.
import type { Provider } from "../provider.ts";

export default {
  id: "telnyx",
  name: "Telnyx",
  docsUrl: "https://developers.telnyx.com/development/api-fundamentals/webhooks/receiving-webhooks",
  scheme: {
    kind: "asymmetric",
    alg: "ed25519",
    header: "telnyx-signature-ed25519",
    enc: "base64",
    content: "{ts}|{body}",
    ts: { header: "telnyx-timestamp", unit: "s", toleranceSeconds: 300 },
  },
  eventId: ["json:data.id"],
  eventType: ["json:data.event_type"],
  eventTime: [{ from: "json:data.occurred_at", unit: "rfc3339" }],
  eventKey: ["json:data.payload.call_session_id", "json:data.payload.id"],
  bodyAuthenticated: true,
  setup: [
    "Copy the public key of your account from Keys and Credentials in the Telnyx portal and save it here as the public key.",
    "Enter the URL of this source as the webhook URL of your application or profile.",
  ],
  secretHint: "Keys & Credentials → Public Key in the Telnyx portal.",
  samples: [
    {
      type: "message.received",
      body: {
        data: {
          event_type: "message.received",
          id: "00000000-0000-4000-8000-000000000021",
          occurred_at: "2026-10-09T08:53:20.000+00:00",
          record_type: "event",
          payload: {
            id: "00000000-0000-4000-8000-000000000022",
            record_type: "message",
            direction: "inbound",
            type: "SMS",
            from: { phone_number: "+15550000001" },
            to: [{ phone_number: "+15550000002" }],
            text: "Hello",
          },
        },
        meta: { attempt: 1, delivered_to: "https://hooks.example.test/in/telnyx" },
      },
    },
  ],
} as const satisfies Provider;
