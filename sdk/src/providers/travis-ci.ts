// Travis CI: RSA-SHA1 over the JSON of the form field payload, decoded. A form with other fields is refused.
import type { Provider } from "../provider.ts";

export default {
  id: "travis-ci",
  name: "Travis CI",
  docsUrl: "https://docs.travis-ci.com/user/notifications/#verifying-webhook-requests",
  scheme: { kind: "asymmetric", alg: "rsa-sha1", header: "signature", enc: "base64", content: "{form:payload}" },
  eventId: ["text:{form:payload:id}.{form:payload:state}"],
  eventType: ["form:payload:type"],
  eventTime: [
    { from: "form:payload:finished_at", unit: "rfc3339" },
    { from: "form:payload:started_at", unit: "rfc3339" },
  ],
  eventKey: ["text:{form:payload:repository.owner_name}/{form:payload:repository.name}"],
  bodyAuthenticated: true,
  setup: [
    "Add the URL of this source to notifications: webhooks in the .travis.yml of the repository.",
    "Posthorn fetches the public key from https://api.travis-ci.com/config itself; one saved here as the public key is used instead.",
  ],
  secretHint: "The value of config.notifications.webhook.public_key at https://api.travis-ci.com/config.",
  keySource: { kind: "pem", url: "https://api.travis-ci.com/config", at: "config.notifications.webhook.public_key" },
  samples: [
    {
      type: "push",
      headers: { "content-type": "application/x-www-form-urlencoded", "travis-repo-slug": "example/posthorn" },
      body: "payload=%7B%22id%22%3A1001%2C%22number%22%3A%227%22%2C%22type%22%3A%22push%22%2C%22state%22%3A%22passed%22%2C%22status%22%3A0%2C%22result%22%3A0%2C%22status_message%22%3A%22Passed%22%2C%22started_at%22%3A%222026-10-09T08%3A50%3A00Z%22%2C%22finished_at%22%3A%222026-10-09T08%3A53%3A20Z%22%2C%22branch%22%3A%22main%22%2C%22commit%22%3A%220000000000000000000000000000000000000001%22%2C%22message%22%3A%22Fix%20a%20typo%22%2C%22repository%22%3A%7B%22id%22%3A1%2C%22name%22%3A%22posthorn%22%2C%22owner_name%22%3A%22example%22%7D%7D",
    },
  ],
} as const satisfies Provider;
