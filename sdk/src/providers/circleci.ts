// CircleCI webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "circleci",
  name: "CircleCI",
  docsUrl: "https://circleci.com/docs/webhooks/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["circleci-signature"], parse: "list", sep: ",", prefix: "v1=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:id"],
  eventType: ["header:circleci-event-type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in CircleCI and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  answerWithinSeconds: 10,
  secretBytesMin: 6,
} as const satisfies Provider;
