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
  handshakes: [
    {
      name: "one-time verification",
      methods: ["GET"],
      when: [{ at: "header:x-okta-verification-challenge", is: "present" }],
      json: { verification: "{header:x-okta-verification-challenge}" },
    },
  ],
  batch: {
    items: "json:data.events",
    id: ["json:uuid"],
    type: ["json:eventType"],
    time: [{ from: "json:published", unit: "rfc3339" }],
    key: ["json:target.0.id"],
  },
  setup: [
    "Create an event hook in Okta with the URL of this source.",
    "Choose authorization as the authentication field and the secret of this source as its value.",
  ],
  answerWithinSeconds: 3,
  retry: "Once at most, only after a 5xx or a timeout.",
} as const satisfies Provider;
