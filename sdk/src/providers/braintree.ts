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
} as const satisfies Provider;
