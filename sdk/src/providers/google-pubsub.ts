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
  eventTime: [{ from: "json:message.publishTime", unit: "rfc3339" }],
  eventKey: ["json:message.orderingKey", "json:subscription"],
  secretHint:
    "The JSON of https://www.googleapis.com/oauth2/v3/certs; audience and service account stand in the push subscription under Authentication.",
  bodyAuthenticated: false,
  setup: [
    "Create a push subscription with the URL of this source and turn on authentication with a service account.",
    "Save the audience of the subscription and the email of the service account here as the parameters audience and email.",
    "Posthorn fetches the keys of Google from https://www.googleapis.com/oauth2/v3/certs itself; JSON of that page saved here as the public key is used instead.",
  ],
  keySource: { kind: "jwks", url: "https://www.googleapis.com/oauth2/v3/certs" },
  answerWithinSeconds: 10,
  retry: "Until it is acknowledged or the message retention of the subscription ends.",
  samples: [
    {
      type: "order.created",
      body: {
        message: {
          attributes: { eventType: "order.created" },
          data: "eyJvcmRlciI6Im9yZGVyLTEwMDEifQ==",
          messageId: "10000000000000001",
          message_id: "10000000000000001",
          publishTime: "2025-10-09T08:53:20.000Z",
          publish_time: "2025-10-09T08:53:20.000Z",
        },
        subscription: "projects/example/subscriptions/orders",
      },
    },
  ],
} as const satisfies Provider;
