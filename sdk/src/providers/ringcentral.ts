// RingCentral webhooks: a verification token of one's own in a header.
import type { Provider } from "../provider.ts";

export default {
  id: "ringcentral",
  name: "RingCentral",
  docsUrl: "https://developers.ringcentral.com/guide/notifications/webhooks/receiving",
  scheme: { kind: "token", header: "verification-token" },
  eventId: ["json:uuid"],
  eventType: ["json:event"],
  eventTime: [{ from: "json:timestamp", unit: "rfc3339" }],
  eventKey: ["json:subscriptionId"],
  bodyAuthenticated: false,
  experimental: true,
  handshakes: [
    {
      name: "validation of the URL",
      methods: ["POST"],
      when: [{ at: "header:validation-token", is: "present" }],
      headers: { "validation-token": "{header:validation-token}" },
    },
  ],
  setup: [
    "Make a long random text and save it here as the secret.",
    "Create the subscription through the RingCentral API with the URL of this source as its address and the secret as its verificationToken.",
  ],
  secretHint: "The verificationToken of the subscription.",
  samples: [
    {
      type: "/restapi/v1.0/account/1001/extension/2001/message-store",
      body: {
        uuid: "0000000000000000001",
        event: "/restapi/v1.0/account/1001/extension/2001/message-store",
        timestamp: "2025-10-09T08:53:20.000Z",
        subscriptionId: "00000000-0000-4000-8000-000000000001",
        ownerId: "2001",
        body: { extensionId: 2001, lastUpdated: "2025-10-09T08:53:20.000+0000", changes: [{ type: "SMS", newCount: 1, updatedCount: 0 }] },
      },
    },
  ],
} as const satisfies Provider;
