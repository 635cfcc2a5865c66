// Adyen payments. Each item carries a signature of eight of its fields; the rest of the body is not signed.
import type { Provider } from "../provider.ts";

export default {
  id: "adyen",
  name: "Adyen",
  docsUrl: "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures/",
  scheme: { kind: "body-signature", layout: "adyen", key: "hex" },
  eventId: [
    "text:{json:notificationItems.0.NotificationRequestItem.pspReference}:{json:notificationItems.0.NotificationRequestItem.eventCode}",
  ],
  eventType: ["json:notificationItems.0.NotificationRequestItem.eventCode"],
  eventTime: [{ from: "json:notificationItems.0.NotificationRequestItem.eventDate", unit: "rfc3339" }],
  eventKey: ["json:notificationItems.0.NotificationRequestItem.pspReference"],
  secretHint: "Customer Area, Developers → Webhooks → your webhook → Security → HMAC key; it is shown once, when it is generated.",
  bodyAuthenticated: false,
  batch: {
    items: "json:notificationItems",
    id: ["text:{json:NotificationRequestItem.pspReference}:{json:NotificationRequestItem.eventCode}"],
    type: ["json:NotificationRequestItem.eventCode"],
    time: [{ from: "json:NotificationRequestItem.eventDate", unit: "rfc3339" }],
    key: ["json:NotificationRequestItem.pspReference"],
  },
  setup: [
    "Open Developers, Webhooks in the Adyen customer area and create a standard webhook with the URL of this source.",
    "Generate an HMAC key and save it here as the secret.",
  ],
  samples: [
    {
      type: "AUTHORISATION",
      body: {
        live: "false",
        notificationItems: [
          {
            NotificationRequestItem: {
              additionalData: {},
              amount: { currency: "EUR", value: 1500 },
              eventCode: "AUTHORISATION",
              eventDate: "2025-10-09T10:53:20+02:00",
              merchantAccountCode: "ExampleMerchant",
              merchantReference: "order-1001",
              paymentMethod: "visa",
              pspReference: "EXAMPLE000000001",
              success: "true",
            },
          },
        ],
      },
    },
  ],
} as const satisfies Provider;
