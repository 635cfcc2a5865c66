// MessageBird (Bird). The token holds the hashes of the URL as registered and of the body.
import type { Provider } from "../provider.ts";

export default {
  id: "messagebird",
  name: "MessageBird",
  docsUrl: "https://developers.messagebird.com/api/#verifying-http-requests",
  scheme: {
    kind: "jwt",
    header: "messagebird-signature-jwt",
    algs: ["HS256", "HS384", "HS512"],
    leewaySeconds: 5,
    expires: true,
    iss: "MessageBird",
    bodyHash: { claim: "payload_hash", enc: "hex", absentWhenEmpty: true },
    urlHashClaim: "url_hash",
  },
  eventId: ["jwt:messagebird-signature-jwt:jti"],
  eventType: [],
  eventKey: ["json:id"],
  bodyAuthenticated: true,
  setup: [
    "Copy the signing key from Developer settings in the MessageBird dashboard and save it here as the secret.",
    "Enter the URL of this source as the webhook URL, exactly as it is configured here.",
  ],
  secretHint: "The signing key in the Developer settings of the MessageBird dashboard.",
  samples: [
    {
      type: "message.status",
      body: {
        id: "example-message-id-0001",
        reference: "order-1001",
        recipient: "31600000000",
        status: "delivered",
        statusReason: "successfully delivered",
        statusDatetime: "2026-10-09T08:53:20+00:00",
      },
    },
  ],
} as const satisfies Provider;
