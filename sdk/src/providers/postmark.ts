// Postmark: HTTP Basic authentication.
import type { Provider } from "../provider.ts";

export default {
  id: "postmark",
  name: "Postmark",
  docsUrl: "https://postmarkapp.com/developer/webhooks/webhooks-overview",
  scheme: { kind: "basic" },
  eventId: ["text:{json:MessageID}.{json:RecordType}"],
  eventType: ["json:RecordType"],
  eventTime: [
    { from: "json:DeliveredAt", unit: "rfc3339" },
    { from: "json:BouncedAt", unit: "rfc3339" },
    { from: "json:ReceivedAt", unit: "rfc3339" },
    { from: "json:ChangedAt", unit: "rfc3339" },
  ],
  eventKey: ["json:MessageID"],
  bodyAuthenticated: false,
  setup: [
    "Enter the URL of this source as the webhook URL in Postmark.",
    "Give it a user and a long random password, and save both here as user:password.",
  ],
  secretHint: "The Basic auth credentials that you entered with the webhook, under your server → message stream → Webhooks.",
  samples: [
    {
      type: "Delivery",
      body: {
        RecordType: "Delivery",
        ServerID: 1000001,
        MessageStream: "outbound",
        MessageID: "00000000-0000-4000-8000-000000000014",
        Recipient: "ada@example.test",
        Tag: "welcome",
        DeliveredAt: "2026-10-09T08:53:20Z",
        Details: "Test delivery",
        Metadata: {},
      },
    },
    {
      type: "Bounce",
      body: {
        RecordType: "Bounce",
        ID: 1001,
        Type: "HardBounce",
        TypeCode: 1,
        MessageStream: "outbound",
        MessageID: "00000000-0000-4000-8000-000000000015",
        Email: "nobody@example.test",
        From: "shop@example.test",
        BouncedAt: "2026-10-09T08:53:20Z",
        Inactive: true,
        Subject: "Your order",
      },
    },
  ],
} as const satisfies Provider;
