// Gumroad: a shared token in the query of the URL.
import type { Provider } from "../provider.ts";

export default {
  id: "gumroad",
  name: "Gumroad",
  docsUrl: "https://gumroad.com/ping",
  scheme: { kind: "token", query: "token", fromParams: true },
  eventId: [],
  eventType: ["form:resource_name"],
  eventKey: ["form:sale_id", "form:subscription_id"],
  secretHint: "The token is your own: Gumroad has no signing secret; put it into the ping or resource subscription URL.",
  bodyAuthenticated: false,
  experimental: true,
  setup: [
    "Enter the URL of this source in Gumroad, with ?token= and the secret of this source at its end.",
    "Where the sender can send a header instead, name that header as the parameter header here.",
  ],
  samples: [
    {
      type: "sale",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "resource_name=sale&sale_id=exampleSale0001&sale_timestamp=2025-10-09T08%3A53%3A20Z&order_number=100000001&seller_id=exampleSeller0001&product_id=exampleProduct0001&product_name=Widget&price=1500&currency=eur&email=ada%40example.test&test=true",
    },
  ],
} as const satisfies Provider;
