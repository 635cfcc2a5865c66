// BigCommerce: Standard Webhooks headers, keyed with the whole secret as text.
import type { Provider } from "../provider.ts";

export default {
  id: "bigcommerce",
  name: "BigCommerce",
  docsUrl: "https://docs.bigcommerce.com/developer/docs/integrations/webhooks/https",
  scheme: { kind: "standard-webhooks", key: "utf8", headerPrefixes: ["webhook"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id"],
  eventType: ["json:scope"],
  eventTime: [{ from: "json:created_at", unit: "s" }],
  eventKey: ["json:data.id"],
  secretHint: "The client secret of the app whose API account created the webhook.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook through the BigCommerce API with the URL of this source as its destination.",
    "Save the client secret of the app that created it here as it is.",
  ],
  retry: "After 60 s and then ever later up to 86,400 s, over 48 hours; then the webhook is deactivated.",
  samples: [
    {
      type: "store/order/created",
      body: {
        scope: "store/order/created",
        store_id: "1000000001",
        data: { type: "order", id: 1001 },
        hash: "0000000000000000000000000000000000000001",
        created_at: 1760000000,
        producer: "stores/example",
      },
    },
  ],
} as const satisfies Provider;
