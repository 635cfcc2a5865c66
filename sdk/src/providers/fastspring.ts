// FastSpring webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "fastspring",
  name: "FastSpring",
  docsUrl: "https://developer.fastspring.com/reference/message-security",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-fs-signature"] }, enc: "base64", content: "{body}" },
  eventId: ["json:events.0.id"],
  eventType: ["json:events.0.type"],
  eventTime: [{ from: "json:events.0.created", unit: "ms" }],
  eventKey: ["json:events.0.data.id"],
  secretHint: "Developer Tools → Webhooks → Configuration → your webhook → HMAC SHA256 Secret: the text you entered there yourself.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in FastSpring and enter the URL of this source.",
    "Copy the signing secret that FastSpring shows and save it here as it is.",
  ],
  samples: [
    {
      type: "order.completed",
      body: {
        events: [
          {
            id: "exampleEvent0001",
            processed: false,
            created: 1760000000000,
            type: "order.completed",
            live: false,
            data: {
              id: "exampleOrder0001",
              reference: "EXA251009-1000-00001",
              completed: true,
              currency: "EUR",
              total: 15,
              customer: { first: "Ada", last: "Example", email: "ada@example.test" },
              items: [{ product: "widget", quantity: 1, subtotal: 15 }],
            },
          },
        ],
      },
    },
  ],
} as const satisfies Provider;
