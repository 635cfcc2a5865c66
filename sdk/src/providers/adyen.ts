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
  bodyAuthenticated: false,
  setup: [
    "Open Developers, Webhooks in the Adyen customer area and create a standard webhook with the URL of this source.",
    "Generate an HMAC key and save it here as the secret.",
  ],
} as const satisfies Provider;
