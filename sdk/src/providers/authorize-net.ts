// Authorize.Net webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "authorize-net",
  name: "Authorize.Net",
  docsUrl: "https://developer.authorize.net/api/reference/features/webhooks.html",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha512",
    key: "utf8",
    sig: { header: ["x-anet-signature"], prefix: "sha512=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:notificationId"],
  eventType: ["json:eventType"],
  eventTime: [{ from: "json:eventDate", unit: "rfc3339" }],
  eventKey: ["json:payload.id"],
  secretHint: "Merchant Interface, Account → Settings → API Credentials & Keys → New Signature Key.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Authorize.Net and enter the URL of this source.",
    "Copy the Signature Key that Authorize.Net shows and save it here as it is.",
  ],
  samples: [
    {
      type: "net.authorize.payment.authcapture.created",
      body: {
        notificationId: "00000000-0000-4000-8000-000000000001",
        eventType: "net.authorize.payment.authcapture.created",
        eventDate: "2025-10-09T08:53:20.0000000Z",
        webhookId: "00000000-0000-4000-8000-000000000002",
        payload: { responseCode: 1, authCode: "EXAMPL", avsResponse: "Y", authAmount: 15, entityName: "transaction", id: "60000000001" },
      },
    },
  ],
} as const satisfies Provider;
