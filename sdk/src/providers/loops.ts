// Loops: Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "loops",
  name: "Loops",
  docsUrl: "https://loops.so/docs/webhooks",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook", "svix"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id", "header:svix-id"],
  eventType: ["json:eventName"],
  eventTime: [{ from: "json:eventTime", unit: "s" }],
  eventKey: ["json:contactIdentity.id"],
  secretHint: "Settings → Webhooks → Signing secret.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Loops and enter the URL of this source.",
    "Copy the signing secret that Loops shows and save it here as it is.",
  ],
  samples: [
    {
      type: "email.delivered",
      body: {
        eventName: "email.delivered",
        eventTime: 1760000000,
        webhookSchemaVersion: "1.0.0",
        contactIdentity: { id: "exampleContact0001", email: "ada@example.test", userId: "customer-1001" },
        sourceType: "loop",
        loopId: "exampleLoop0001",
        email: { id: "exampleEmail0001", emailMessageId: "exampleMessage0001", subject: "Welcome" },
      },
    },
  ],
} as const satisfies Provider;
