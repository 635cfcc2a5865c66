// QuickBooks (Intuit) webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "quickbooks",
  name: "QuickBooks (Intuit)",
  docsUrl: "https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["intuit-signature"] }, enc: "base64", content: "{body}" },
  eventId: [],
  eventType: [
    "text:{json:eventNotifications.0.dataChangeEvent.entities.0.name}.{json:eventNotifications.0.dataChangeEvent.entities.0.operation}",
    "json:0.type",
  ],
  eventTime: [{ from: "json:0.time", unit: "rfc3339" }],
  eventKey: ["json:eventNotifications.0.dataChangeEvent.entities.0.id", "json:0.intuitentityid"],
  bodyAuthenticated: true,
  batch: {
    items: "json:eventNotifications",
    type: ["text:{json:dataChangeEvent.entities.0.name}.{json:dataChangeEvent.entities.0.operation}"],
    key: ["json:realmId"],
  },
  setup: ["Enter the URL of this source under Webhooks of the app at developer.intuit.com.", "Copy the verifier token and save it here."],
  secretHint: "Webhooks of the app at developer.intuit.com → Show verifier token.",
  experimental: true,
  samples: [
    {
      type: "Customer.Create",
      body: {
        eventNotifications: [
          {
            realmId: "100000000000001",
            dataChangeEvent: { entities: [{ name: "Customer", id: "1", operation: "Create", lastUpdated: "2026-10-09T08:53:20.000Z" }] },
          },
        ],
      },
    },
    {
      type: "qbo.invoice.updated.v1",
      body: [
        {
          specversion: "1.0",
          id: "00000000-0000-4000-8000-000000000016",
          source: "intuit.example",
          type: "qbo.invoice.updated.v1",
          datacontenttype: "application/json",
          time: "2026-10-09T08:53:20Z",
          intuitentityid: "1001",
          intuitaccountid: "100000000000001",
          data: {},
        },
      ],
    },
  ],
} as const satisfies Provider;
