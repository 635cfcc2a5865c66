// Google Pub/Sub push. The token says who sends, not what: the body is not signed.
import type { Provider } from "../provider.ts";

export default {
  id: "google-pubsub",
  name: "Google Pub/Sub",
  docsUrl: "https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions",
  scheme: {
    kind: "jwt",
    header: "authorization",
    prefix: "Bearer ",
    algs: ["RS256"],
    leewaySeconds: 300,
    expires: true,
    iss: "https://accounts.google.com",
    claims: [
      { claim: "aud", param: "audience" },
      { claim: "email", param: "email" },
    ],
    trueClaims: ["email_verified"],
  },
  eventId: ["json:message.messageId"],
  eventType: ["json:message.attributes.eventType"],
  bodyAuthenticated: false,
  setup: [
    "Create a push subscription with the URL of this source and turn on authentication with a service account.",
    "Save the audience of the subscription and the email of the service account here as the parameters audience and email.",
    "Save the JSON of https://www.googleapis.com/oauth2/v3/certs here as the public key.",
  ],
} as const satisfies Provider;
