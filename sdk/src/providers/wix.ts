// Wix apps: the whole body is a token, and the event is JSON inside one of its claims.
import type { Provider } from "../provider.ts";

export default {
  id: "wix",
  name: "Wix",
  docsUrl: "https://dev.wix.com/docs/build-apps/develop-your-app/access/authentication/verify-requests-received-from-wix",
  scheme: { kind: "jwt", algs: ["RS256"], leewaySeconds: 60, expires: true },
  eventId: [],
  eventType: [],
  bodyAuthenticated: true,
  setup: [
    "Open Webhooks on the page of your app in Wix and create a webhook with the URL of this source.",
    "Choose Get Public Key there and save the key here as the public key.",
  ],
  secretHint: "Your app → Webhooks → Get Public Key.",
  experimental: true,
  samples: [
    {
      // The claims: sign makes the token of them that is sent as the body.
      type: "order.created",
      body: { data: '{"eventType":"wix.ecom.v1.order_created","instanceId":"00000000-0000-4000-8000-00000000002f"}' },
    },
  ],
} as const satisfies Provider;
