// FusionAuth webhooks. The token holds a digest of the body and no time at all.
// FusionAuth signs with whatever key its Key Master holds; this record takes an HMAC key, because a provider that took
// both would let a public key be used as a secret.
import type { Provider } from "../provider.ts";

export default {
  id: "fusionauth",
  name: "FusionAuth",
  docsUrl: "https://fusionauth.io/docs/extend/events-and-webhooks/signing",
  scheme: {
    kind: "jwt",
    header: "x-fusionauth-signature-jwt",
    algs: ["HS256", "HS384", "HS512"],
    leewaySeconds: 60,
    bodyHash: { claim: "request_body_sha256", enc: "base64" },
  },
  eventId: ["json:event.id"],
  eventType: ["json:event.type"],
  eventTime: [{ from: "json:event.createInstant", unit: "ms" }],
  eventKey: ["json:event.user.id", "json:event.applicationId"],
  secretHint: "Settings → Key Master → the HMAC key that the webhook uses as its signing key → View → Secret.",
  bodyAuthenticated: true,
  setup: [
    "Generate an HMAC key in Settings, Key Master.",
    "Add a webhook in Settings, Webhooks with the URL of this source, turn on Sign events under Security, and choose that key.",
    "Save the secret of the key here as it is.",
  ],
  samples: [
    {
      type: "user.create",
      body: {
        event: {
          createInstant: 1760000000000,
          id: "00000000-0000-4000-8000-000000000001",
          info: { ipAddress: "192.0.2.10" },
          tenantId: "00000000-0000-4000-8000-000000000002",
          type: "user.create",
          user: {
            active: true,
            email: "ada@example.test",
            firstName: "Ada",
            id: "00000000-0000-4000-8000-000000000003",
            insertInstant: 1760000000000,
            lastName: "Example",
            verified: false,
          },
        },
      },
    },
  ],
} as const satisfies Provider;
