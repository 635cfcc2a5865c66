// Calendly webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "calendly",
  name: "Calendly",
  docsUrl: "https://developer.calendly.com/api-docs/4c305798a61d3-webhook-signatures",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["calendly-webhook-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", toleranceSeconds: 180, future: false },
  },
  eventId: [],
  eventType: ["json:event"],
  eventTime: [{ from: "json:created_at", unit: "rfc3339" }],
  eventKey: ["json:payload.uri"],
  secretHint: "The signing_key of the call that creates the webhook subscription.",
  bodyAuthenticated: true,
  setup: ["Create a webhook subscription through the Calendly API with the URL of this source.", "Save its signing key here."],
  samples: [
    {
      type: "invitee.created",
      body: {
        event: "invitee.created",
        created_at: "2025-10-09T08:53:20.000000Z",
        created_by: "https://api.calendly.com/users/EXAMPLEUSER0001",
        payload: {
          uri: "https://api.calendly.com/scheduled_events/EXAMPLEEVENT0001/invitees/EXAMPLEINVITEE01",
          email: "grace@example.test",
          name: "Grace Example",
          status: "active",
          timezone: "Europe/Berlin",
          rescheduled: false,
          scheduled_event: { name: "30 minutes", start_time: "2025-10-10T09:00:00.000000Z", end_time: "2025-10-10T09:30:00.000000Z" },
        },
      },
    },
  ],
} as const satisfies Provider;
