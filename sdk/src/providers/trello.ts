// Trello webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "trello",
  name: "Trello",
  docsUrl: "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha1", key: "utf8", sig: { header: ["x-trello-webhook"] }, enc: "base64", content: "{body}{url}" },
  eventId: ["json:action.id"],
  eventType: ["json:action.type"],
  bodyAuthenticated: true,
  handshakes: [{ name: "check of the URL", methods: ["HEAD"] }],
  setup: [
    "Create a webhook through the Trello API with the URL of this source as its callbackURL.",
    "Save the secret of the app here.",
    "Save the same URL, exactly as entered there, as the parameter url: it is part of what is signed.",
  ],
} as const satisfies Provider;
