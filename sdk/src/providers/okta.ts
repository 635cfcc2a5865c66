// Okta event hooks: a shared token in the header authorization.
import type { Provider } from "../provider.ts";

export default {
  id: "okta",
  name: "Okta event hooks",
  docsUrl: "https://developer.okta.com/docs/concepts/event-hooks/",
  scheme: { kind: "token", header: "authorization" },
  eventId: ["json:eventId", "json:data.events.0.uuid"],
  eventType: ["json:data.events.0.eventType"],
  bodyAuthenticated: false,
  setup: [
    "Create an event hook in Okta with the URL of this source.",
    "Choose authorization as the authentication field and the secret of this source as its value.",
  ],
  answerWithinSeconds: 3,
  retry: "Once at most, only after a 5xx or a timeout.",
} as const satisfies Provider;
