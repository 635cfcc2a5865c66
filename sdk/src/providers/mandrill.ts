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
  setup: [
    "Create a webhook in Mandrill and enter the URL of this source.",
    "Copy the webhook key that Mandrill shows and save it here as it is.",
    "Save the same URL, exactly as entered there, as the parameter url: it is part of what is signed.",
  ],
} as const satisfies Provider;
