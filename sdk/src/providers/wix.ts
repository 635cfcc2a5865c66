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
      // The signature is not one: Wix signs the body itself, so a test event of ours cannot be verified.
      type: "order.created",
      headers: { "content-type": "text/plain" },
      body: "eyJhbGciOiJSUzI1NiJ9.eyJkYXRhIjoie1wiZXZlbnRUeXBlXCI6XCJ3aXguZWNvbS52MS5vcmRlcl9jcmVhdGVkXCIsXCJpbnN0YW5jZUlkXCI6XCIwMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMmZcIn0iLCJpYXQiOjE3NjAwMDAwMDAsImV4cCI6MTc2MDAwMzYwMH0.AAAA",
    },
  ],
} as const satisfies Provider;
