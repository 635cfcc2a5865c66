// Xero webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "xero",
  name: "Xero",
  docsUrl: "https://developer.xero.com/documentation/guides/webhooks/overview/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-xero-signature"] }, enc: "base64", content: "{body}" },
  eventId: [],
  eventType: ["text:{json:events.0.eventCategory}.{json:events.0.eventType}"],
  eventKey: ["json:events.0.resourceId"],
  bodyAuthenticated: true,
  // Xero tests with right and wrong signatures; the wrong ones must get 401.
  handshakes: [{ name: "intent to receive", signed: true, methods: ["POST"], when: [{ at: "json:events", is: "empty" }] }],
  batch: {
    items: "json:events",
    id: ["text:{json:eventDateUtc}.{json:resourceId}", "text:{json:eventDate}.{json:resourceId}"],
    type: ["text:{json:eventCategory}.{json:eventType}"],
    key: ["json:resourceId"],
  },
  setup: [
    "Open the app at developer.xero.com, choose Webhooks and enter the URL of this source.",
    "Copy the webhooks key and save it here before you send the intent to receive.",
  ],
  secretHint: "My Apps → your app → Webhooks → Webhooks key, at developer.xero.com.",
  samples: [
    {
      type: "CONTACT.UPDATE",
      body: {
        events: [
          {
            resourceUrl: "https://api.example.test/api.xro/2.0/Contacts/00000000-0000-4000-8000-000000000025",
            resourceId: "00000000-0000-4000-8000-000000000025",
            eventDateUtc: "2026-10-09T08:53:20.000",
            eventType: "UPDATE",
            eventCategory: "CONTACT",
            tenantId: "00000000-0000-4000-8000-000000000026",
            tenantType: "ORGANISATION",
          },
        ],
        firstEventSequence: 1,
        lastEventSequence: 1,
        entropy: "EXAMPLEentropy",
      },
    },
  ],
} as const satisfies Provider;
