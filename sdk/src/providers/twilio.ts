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
  eventKey: ["form:MessageSid", "form:CallSid"],
  bodyAuthenticated: true,
  setup: [
    "Enter the URL of this source where the Twilio product asks for a webhook URL.",
    "Save the auth token of the account here.",
    "Save the same URL, exactly as entered there, as the parameter url: it is part of what is signed.",
  ],
  secretHint: "Account Dashboard → Account Info → Auth Token, of the account or subaccount that sends.",
  samples: [
    {
      type: "received",
      headers: { "content-type": "application/x-www-form-urlencoded; charset=UTF-8" },
      body: "ToCountry=US&MessageSid=SMEXAMPLE00000000000000000000000001&SmsStatus=received&NumMedia=0&Body=Hello&From=%2B15550000001&To=%2B15550000002&AccountSid=ACEXAMPLE00000000000000000000000001&ApiVersion=2010-04-01",
    },
    {
      type: "completed",
      headers: { "content-type": "application/x-www-form-urlencoded; charset=UTF-8" },
      body: "CallSid=CAEXAMPLE00000000000000000000000001&CallStatus=completed&CallDuration=42&Direction=inbound&From=%2B15550000001&To=%2B15550000002&AccountSid=ACEXAMPLE00000000000000000000000001&ApiVersion=2010-04-01",
    },
  ],
} as const satisfies Provider;
