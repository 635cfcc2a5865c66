// Shopify webhooks, and its newer Events, whose headers have the same names without x-.
import type { Provider } from "../provider.ts";

export default {
  id: "shopify",
  name: "Shopify",
  docsUrl: "https://shopify.dev/docs/apps/build/webhooks/verify-deliveries",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-shopify-hmac-sha256", "shopify-hmac-sha256"] },
    enc: "base64",
    content: "{body}",
  },
  eventId: ["header:x-shopify-event-id", "header:shopify-event-id", "header:shopify-webhook-id"],
  eventType: ["header:x-shopify-topic", "header:shopify-topic"],
  eventTime: [{ from: "header:x-shopify-triggered-at", unit: "rfc3339" }],
  eventKey: ["json:id"],
  bodyAuthenticated: true,
  setup: [
    "Subscribe to topics in the app's configuration, with the URL of this source as the address.",
    "Save the client secret of the app here; after a rotation the old one can be used for up to an hour.",
  ],
  secretHint:
    "Dev Dashboard → your app → Settings → Client secret; for a webhook made in the admin of a shop, Settings → Notifications → Webhooks.",
  answerWithinSeconds: 5,
  retry: "8 times over 4 hours; after 8 failures in a row a subscription made through the Admin API is deleted.",
  samples: [
    {
      type: "orders/create",
      headers: {
        "x-shopify-topic": "orders/create",
        "x-shopify-shop-domain": "example.myshopify.test",
        "x-shopify-api-version": "2026-07",
        "x-shopify-triggered-at": "2026-10-09T08:53:20.000000000Z",
      },
      body: {
        id: 1000000000001,
        admin_graphql_api_id: "gid://shopify/Order/1000000000001",
        name: "#1001",
        email: "ada@example.test",
        created_at: "2026-10-09T04:53:20-04:00",
        currency: "EUR",
        total_price: "12.00",
        financial_status: "paid",
        line_items: [{ id: 1000000000002, title: "Posthorn", quantity: 1, price: "12.00" }],
      },
    },
    {
      type: "app/uninstalled",
      headers: {
        "x-shopify-topic": "app/uninstalled",
        "x-shopify-shop-domain": "example.myshopify.test",
        "x-shopify-triggered-at": "2026-10-09T08:53:20.000000000Z",
      },
      body: { id: 1000000001, name: "Example shop", email: "ada@example.test", domain: "shop.example.test", plan_name: "basic" },
    },
  ],
} as const satisfies Provider;
