// Netlify deploy notifications. The token holds the hash of the body and no time, so an old request can be sent again.
import type { Provider } from "../provider.ts";

export default {
  id: "netlify",
  name: "Netlify",
  docsUrl: "https://docs.netlify.com/deploy/deploy-notifications/",
  scheme: {
    kind: "jwt",
    header: "x-webhook-signature",
    algs: ["HS256"],
    leewaySeconds: 0,
    iss: "netlify",
    bodyHash: { claim: "sha256", enc: "hex" },
  },
  eventId: [],
  eventType: ["header:x-netlify-event"],
  bodyAuthenticated: true,
  setup: [
    "Open Project configuration, Notifications, Emails and webhooks, Deploy notifications in Netlify.",
    "Add an HTTP POST request with the URL of this source and the secret of this source as the JWS secret token.",
  ],
} as const satisfies Provider;
