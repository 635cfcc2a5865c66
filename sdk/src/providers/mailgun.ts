// Mailgun. Only a timestamp and a token are signed: the event itself is not.
import type { Provider } from "../provider.ts";

export default {
  id: "mailgun",
  name: "Mailgun",
  docsUrl: "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
  scheme: { kind: "body-signature", layout: "mailgun", key: "utf8" },
  eventId: ["json:event-data.id"],
  eventType: ["json:event-data.event"],
  bodyAuthenticated: false,
  setup: [
    "Open Send, Sending, Webhooks in Mailgun and add the URL of this source for each event.",
    "Copy the HTTP webhook signing key and save it here as the secret.",
  ],
} as const satisfies Provider;
