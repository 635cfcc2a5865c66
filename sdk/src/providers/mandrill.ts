// Mailchimp Transactional (Mandrill) webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "mandrill",
  name: "Mailchimp Transactional (Mandrill)",
  docsUrl: "https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha1", key: "utf8", sig: { header: ["x-mandrill-signature"] }, enc: "base64", content: "{url}{form}" },
  eventId: ["form:mandrill_events:0._id"],
  eventType: ["form:mandrill_events:0.event"],
  eventTime: [{ from: "form:mandrill_events:0.ts", unit: "s" }],
  eventKey: ["form:mandrill_events:0._id"],
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
  secretHint: "In Mailchimp Transactional, the webhook authentication key of the webhook, on the Webhooks page of the settings.",
  samples: [
    {
      type: "open",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "mandrill_events=%5B%7B%22event%22%3A%22open%22%2C%22_id%22%3A%22exampleaaaaaaaaaaaaaaaaaaaaaaaaa%22%2C%22ts%22%3A1760000000%2C%22msg%22%3A%7B%22_id%22%3A%22exampleaaaaaaaaaaaaaaaaaaaaaaaaa%22%2C%22email%22%3A%22ada%40example.test%22%2C%22subject%22%3A%22Your%20order%22%2C%22state%22%3A%22sent%22%7D%7D%5D",
    },
    {
      type: "hard_bounce",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "mandrill_events=%5B%7B%22event%22%3A%22hard_bounce%22%2C%22_id%22%3A%22examplebbbbbbbbbbbbbbbbbbbbbbbbb%22%2C%22ts%22%3A1760000060%2C%22msg%22%3A%7B%22_id%22%3A%22examplebbbbbbbbbbbbbbbbbbbbbbbbb%22%2C%22email%22%3A%22nobody%40example.test%22%2C%22state%22%3A%22bounced%22%2C%22bounce_description%22%3A%22bad_mailbox%22%7D%7D%5D",
    },
  ],
} as const satisfies Provider;
