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
} as const satisfies Provider;
