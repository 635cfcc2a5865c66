// Braintree: an HMAC with the hashed private key over bt_payload, beside the public key it belongs to.
// Other fields of the form would not be signed; there are none.
import type { Provider } from "../provider.ts";

export default {
  id: "braintree",
  name: "Braintree",
  docsUrl: "https://developer.paypal.com/braintree/docs/guides/webhooks/parse",
  scheme: { kind: "body-signature", layout: "braintree" },
  eventId: [],
  // The type is in XML that stands in base64 in the form.
  eventType: [],
  bodyAuthenticated: true,
  handshakes: [
    {
      name: "challenge",
      methods: ["GET"],
      when: [{ at: "query:bt_challenge", is: "present" }],
      // Anybody may ask, and the answer is made as the signature of a payload is; hex is never the base64 of XML.
      demands: [{ at: "query:bt_challenge", matches: "[a-f0-9]{20,32}" }],
      mac: { alg: "hmac-sha1", key: "sha1", content: "query:bt_challenge", enc: "hex" },
      text: "{param:publicKey}|{mac}",
      contentType: "text/html",
    },
  ],
  setup: [
    "Open Settings, API in the Braintree control panel and create a webhook with the URL of this source.",
    "Save the private key of the API keys here as the secret, and the public key as the parameter publicKey.",
  ],
  secretHint: "The private key under Settings, API, API Keys.",
  samples: [
    {
      type: "subscription_went_past_due",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "bt_payload=PG5vdGlmaWNhdGlvbj4KICAgIDx0aW1lc3RhbXAgdHlwZT0iZGF0ZXRpbWUiPjIwMjUtMTAtMDlU%0AMDg6NTM6MjBaPC90aW1lc3RhbXA%2BCiAgICA8a2luZD5zdWJzY3JpcHRpb25fd2VudF9wYXN0X2R1%0AZTwva2luZD4KICAgIDxzdWJqZWN0PjxzdWJzY3JpcHRpb24%2BPGlkPmV4YW1wbGVfc3Vic2NyaXB0%0AaW9uPC9pZD48L3N1YnNjcmlwdGlvbj48L3N1YmplY3Q%2BCjwvbm90aWZpY2F0aW9uPgo%3D%0A",
    },
  ],
} as const satisfies Provider;
