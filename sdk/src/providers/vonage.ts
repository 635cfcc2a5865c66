// Vonage signed webhooks. The token holds the hash of the body; APIs of Vonage that send none are not covered.
// Vonage states no age at which a token is too old: the five minutes are our choice.
import type { Provider } from "../provider.ts";

export default {
  id: "vonage",
  name: "Vonage",
  docsUrl: "https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks",
  scheme: {
    kind: "jwt",
    header: "authorization",
    prefix: "Bearer ",
    algs: ["HS256"],
    leewaySeconds: 60,
    maxAgeSeconds: 300,
    claims: [{ claim: "api_key", param: "apiKey", optional: true }],
    bodyHash: { claim: "payload_hash", enc: "hex" },
  },
  eventId: ["text:{json:message_uuid}.{json:status}", "text:{json:uuid}.{json:status}", "json:message_uuid"],
  eventType: ["json:status", "json:event", "json:message_type"],
  eventTime: [{ from: "json:timestamp", unit: "rfc3339" }],
  eventKey: ["json:message_uuid", "json:uuid"],
  bodyAuthenticated: true,
  setup: [
    "Enter the URL of this source as the webhook URL of your application in the Vonage dashboard, with signed webhooks turned on.",
    "Copy the signature secret from the API settings and save it here.",
  ],
  secretHint: "API Settings → Signature secret in the Vonage dashboard; it is not the API secret.",
  samples: [
    {
      type: "delivered",
      body: {
        message_uuid: "00000000-0000-4000-8000-00000000002c",
        to: "15550000001",
        from: "15550000002",
        timestamp: "2026-10-09T08:53:20.000Z",
        status: "delivered",
        channel: "sms",
        usage: { currency: "EUR", price: "0.0333" },
      },
    },
    {
      type: "text",
      body: {
        channel: "sms",
        message_uuid: "00000000-0000-4000-8000-00000000002d",
        to: "15550000002",
        from: "15550000001",
        timestamp: "2026-10-09T08:53:20Z",
        text: "Hello",
        message_type: "text",
      },
    },
  ],
} as const satisfies Provider;
