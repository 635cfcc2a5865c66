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
} as const satisfies Provider;
