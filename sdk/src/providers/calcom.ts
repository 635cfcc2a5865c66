// Cal.com webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "calcom",
  name: "Cal.com",
  docsUrl: "https://cal.com/docs/developing/guides/automation/webhooks",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-cal-signature-256"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["json:triggerEvent"],
  eventTime: [{ from: "json:createdAt", unit: "rfc3339" }],
  eventKey: ["json:payload.uid"],
  secretHint: "Settings → Developer → Webhooks → your webhook → Secret: the text you entered there yourself.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Cal.com and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  samples: [
    {
      type: "BOOKING_CREATED",
      body: {
        triggerEvent: "BOOKING_CREATED",
        createdAt: "2025-10-09T08:53:20.000Z",
        payload: {
          type: "30min",
          title: "30 minutes between Ada Example and Grace Example",
          startTime: "2025-10-10T09:00:00Z",
          endTime: "2025-10-10T09:30:00Z",
          organizer: { id: 1, name: "Ada Example", email: "ada@example.test", timeZone: "Europe/Berlin" },
          attendees: [{ name: "Grace Example", email: "grace@example.test", timeZone: "Europe/Berlin" }],
          uid: "exampleBookingUid0001",
          bookingId: 1001,
          status: "ACCEPTED",
        },
      },
    },
  ],
} as const satisfies Provider;
