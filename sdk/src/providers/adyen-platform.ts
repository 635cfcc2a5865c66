// Adyen for Platforms and Management webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "adyen-platform",
  name: "Adyen for Platforms and Management",
  docsUrl: "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "hex", sig: { header: ["hmacsignature"] }, enc: "base64", content: "{body}" },
  eventId: [],
  eventType: ["json:type"],
  eventTime: [{ from: "json:timestamp", unit: "rfc3339" }],
  eventKey: ["json:data.id"],
  secretHint: "Customer Area, Developers → Webhooks → your webhook → Security → HMAC key; it is shown once, when it is generated.",
  bodyAuthenticated: true,
  setup: [
    "Create the webhook in the Adyen Customer Area with the URL of this source.",
    "Generate an HMAC key for it and save its hex text here.",
  ],
  samples: [
    {
      type: "balancePlatform.transfer.created",
      body: {
        type: "balancePlatform.transfer.created",
        environment: "test",
        timestamp: "2025-10-09T08:53:20Z",
        data: {
          id: "EXAMPLE00000001",
          balancePlatform: "ExamplePlatform",
          accountHolder: { id: "AH00000000000000000000001", description: "Example account holder" },
          balanceAccount: { id: "BA00000000000000000000001" },
          amount: { currency: "EUR", value: 1500 },
          category: "bank",
          direction: "outgoing",
          status: "received",
        },
      },
    },
  ],
} as const satisfies Provider;
