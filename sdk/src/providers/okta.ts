// Okta event hooks: a shared token in the header authorization.
import type { Provider } from "../provider.ts";

export default {
  id: "okta",
  name: "Okta event hooks",
  docsUrl: "https://developer.okta.com/docs/concepts/event-hooks/",
  scheme: { kind: "token", header: "authorization" },
  eventId: ["json:eventId", "json:data.events.0.uuid"],
  eventType: ["json:data.events.0.eventType"],
  eventTime: [{ from: "json:data.events.0.published", unit: "rfc3339" }],
  eventKey: ["json:data.events.0.target.0.id", "json:data.events.0.actor.id"],
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
  secretHint: "The authentication secret that you entered for the event hook under Workflow → Event Hooks.",
  answerWithinSeconds: 3,
  retry: "Once at most, only after a 5xx or a timeout.",
  samples: [
    {
      type: "user.session.start",
      body: {
        eventType: "com.okta.event_hook",
        eventTypeVersion: "1.0",
        cloudEventsVersion: "0.1",
        source: "https://example.okta.test/api/v1/eventHooks/whoEXAMPLE0001",
        eventId: "00000000-0000-4000-8000-00000000000d",
        eventTime: "2026-10-09T08:53:21.000Z",
        contentType: "application/json",
        data: {
          events: [
            {
              uuid: "00000000-0000-4000-8000-00000000000e",
              published: "2026-10-09T08:53:20.000Z",
              eventType: "user.session.start",
              version: "0",
              severity: "INFO",
              displayMessage: "User login to Okta",
              actor: { id: "00uEXAMPLE0001", type: "User", alternateId: "ada@example.test" },
              outcome: { result: "SUCCESS" },
            },
          ],
        },
      },
    },
  ],
} as const satisfies Provider;
