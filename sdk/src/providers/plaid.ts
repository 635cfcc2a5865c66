// Plaid. The token is signed with a key of Plaid that its API hands out by id; it is given here as JWK or JWKS.
import type { Provider } from "../provider.ts";

export default {
  id: "plaid",
  name: "Plaid",
  docsUrl: "https://plaid.com/docs/api/webhooks/webhook-verification/",
  scheme: {
    kind: "jwt",
    header: "plaid-verification",
    algs: ["ES256"],
    leewaySeconds: 60,
    maxAgeSeconds: 300,
    bodyHash: { claim: "request_body_sha256", enc: "hex" },
  },
  eventId: [],
  eventType: ["text:{json:webhook_type}.{json:webhook_code}"],
  bodyAuthenticated: true,
  setup: [
    "Enter the URL of this source as the webhook when you create a Link token or item.",
    "Fetch the key named by kid in the token of a request from /webhook_verification_key/get.",
    "Save its JSON here as the public key.",
  ],
} as const satisfies Provider;
