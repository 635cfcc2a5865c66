// Twilio. Forms are signed field by field; a JSON body only by its SHA-256 in the query of the URL.
import type { Provider } from "../provider.ts";

export default {
  id: "twilio",
  name: "Twilio",
  docsUrl: "https://www.twilio.com/docs/usage/webhooks/webhooks-security",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha1",
    key: "utf8",
    sig: { header: ["x-twilio-signature"] },
    enc: "base64",
    content: "{url}{form}",
    anyPort: true,
    bodyDigestQuery: "bodySHA256",
  },
  eventId: ["header:i-twilio-idempotency-token"],
  eventType: ["form:SmsStatus", "form:MessageStatus", "form:CallStatus"],
  bodyAuthenticated: true,
  setup: [
    "Enter the URL of this source where the Twilio product asks for a webhook URL.",
    "Save the auth token of the account here.",
    "Save the same URL, exactly as entered there, as the parameter url: it is part of what is signed.",
  ],
} as const satisfies Provider;
