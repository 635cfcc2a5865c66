// SendGrid Event Webhook. The body is a list of events and ends with a line break, which is signed too.
import type { Provider } from "../provider.ts";

export default {
  id: "sendgrid",
  name: "SendGrid",
  docsUrl: "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
  scheme: {
    kind: "asymmetric",
    alg: "ecdsa-p256-sha256",
    header: "x-twilio-email-event-webhook-signature",
    enc: "base64",
    content: "{ts}{body}",
    ts: { header: "x-twilio-email-event-webhook-timestamp", unit: "s" },
  },
  eventId: ["json:0.sg_event_id"],
  eventType: ["json:0.event"],
  eventTime: [{ from: "json:0.timestamp", unit: "s" }],
  eventKey: ["json:0.sg_message_id"],
  bodyAuthenticated: true,
  batch: {
    items: "json:",
    id: ["json:sg_event_id"],
    type: ["json:event"],
    time: [{ from: "json:timestamp", unit: "s" }],
    key: ["json:sg_message_id"],
  },
  setup: [
    "Open Settings, Mail Settings, Event Webhooks in SendGrid and create a webhook with the URL of this source.",
    "Turn on Signature Verification and save.",
    "Copy the verification key and save it here as the public key.",
  ],
  secretHint: "Settings → Mail Settings → Event Webhooks → your webhook → Signature Verification: the verification key.",
  samples: [
    {
      type: "delivered",
      body: [
        {
          email: "ada@example.test",
          timestamp: 1760000000,
          "smtp-id": "<example-1@mail.example.test>",
          event: "delivered",
          category: ["orders"],
          sg_event_id: "EXAMPLEevent0001",
          sg_message_id: "EXAMPLEmessage0001.filter0001",
          response: "250 OK",
        },
        {
          email: "bob@example.test",
          timestamp: 1760000001,
          event: "open",
          sg_event_id: "EXAMPLEevent0002",
          sg_message_id: "EXAMPLEmessage0002.filter0001",
          useragent: "Mozilla/5.0",
          ip: "192.0.2.1",
        },
      ],
    },
  ],
} as const satisfies Provider;
