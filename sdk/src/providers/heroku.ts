// Heroku webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "heroku",
  name: "Heroku",
  docsUrl: "https://devcenter.heroku.com",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["heroku-webhook-hmac-sha256"] },
    enc: "base64",
    content: "{body}",
  },
  eventId: ["json:webhook_metadata.event.id"],
  eventType: ["json:webhook_metadata.event.include"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Heroku and enter the URL of this source.",
    "Copy the signing secret that Heroku shows and save it here as it is.",
  ],
} as const satisfies Provider;
