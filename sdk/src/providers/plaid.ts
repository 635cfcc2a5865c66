// Plaid. The token is signed with a key that Plaid's API hands out by id, as a JWK.
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
  eventKey: ["json:item_id"],
  bodyAuthenticated: true,
  setup: [
    "Enter the URL of this source as the webhook when you create a Link token or item.",
    "Posthorn fetches the key named by kid in the token of a request from Plaid itself, with your client_id and secret.",
    "A key from /webhook_verification_key/get that is saved here as the public key is used instead.",
  ],
  secretHint: "Developers → Keys: the client_id, and the secret of the environment, with which Plaid's verification keys are fetched.",
  keySource: {
    kind: "jwk-by-id",
    urls: {
      production: "https://production.plaid.com/webhook_verification_key/get",
      sandbox: "https://sandbox.plaid.com/webhook_verification_key/get",
    },
    idField: "key_id",
    paramFields: { client_id: "clientId" },
    secretField: "secret",
    at: "key",
  },
  samples: [
    {
      type: "TRANSACTIONS.SYNC_UPDATES_AVAILABLE",
      body: {
        webhook_type: "TRANSACTIONS",
        webhook_code: "SYNC_UPDATES_AVAILABLE",
        item_id: "EXAMPLEitem0001",
        initial_update_complete: true,
        historical_update_complete: false,
        environment: "sandbox",
      },
    },
    {
      type: "ITEM.ERROR",
      body: {
        webhook_type: "ITEM",
        webhook_code: "ERROR",
        item_id: "EXAMPLEitem0001",
        error: {
          error_type: "ITEM_ERROR",
          error_code: "ITEM_LOGIN_REQUIRED",
          error_message: "the login details of this item have changed",
        },
        environment: "sandbox",
      },
    },
  ],
} as const satisfies Provider;
