// Mailchimp Transactional (Mandrill) webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "mandrill",
  name: "Mailchimp Transactional (Mandrill)",
  docsUrl: "https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha1", key: "utf8", sig: { header: ["x-mandrill-signature"] }, enc: "base64", content: "{url}{form}" },
  eventId: ["form:mandrill_events:0._id"],
  eventType: ["form:mandrill_events:0.event"],
  bodyAuthenticated: true,
  handshakes: [
    { name: "check of the URL", methods: ["HEAD"] },
    // Signed with the key "test-webhook", which is nobody's; without events there is nothing to believe.
    { name: "test without events", methods: ["POST"], when: [{ at: "form:mandrill_events", equals: "[]" }] },
  ],
  batch: {
    items: "form:mandrill_events",
    // One message has many events: `_id` alone names the message.
    id: ["text:{json:_id}.{json:event}.{json:ts}"],
    type: ["json:event"],
    time: [{ from: "json:ts", unit: "s" }],
    key: ["json:_id"],
  },
  setup: [
    "Create a webhook in Mandrill and enter the URL of this source.",
    "Copy the webhook key that Mandrill shows and save it here as it is.",
    "Save the same URL, exactly as entered there, as the parameter url: it is part of what is signed.",
  ],
} as const satisfies Provider;
