// Fourthwall webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "fourthwall",
  name: "Fourthwall",
  docsUrl: "https://docs.fourthwall.com/webhooks/signature-verification/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-fourthwall-hmac-sha256"] },
    enc: "base64",
    content: "{body}",
  },
  eventId: ["json:id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:createdAt", unit: "rfc3339" }],
  eventKey: ["json:data.id"],
  secretHint: "The secret of the webhook in the webhook settings of the shop.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Fourthwall and enter the URL of this source.",
    "Copy the signing secret that Fourthwall shows and save it here as it is.",
  ],
  samples: [
    {
      type: "ORDER_PLACED",
      body: {
        testMode: true,
        id: "weve_example0001",
        webhookId: "wcon_example0001",
        shopId: "sh_example0001",
        type: "ORDER_PLACED",
        apiVersion: "V1",
        createdAt: "2025-10-09T08:53:20.000Z",
        data: {
          id: "00000000-0000-4000-8000-000000000001",
          friendlyId: "EXAMPLE1",
          status: "CONFIRMED",
          email: "ada@example.test",
          amounts: { total: { value: 15, currency: "EUR" } },
        },
      },
    },
  ],
} as const satisfies Provider;
