// WooCommerce. Its delivery id is new in every attempt, so there is no event id.
import type { Provider } from "../provider.ts";

export default {
  id: "woocommerce",
  name: "WooCommerce",
  docsUrl: "https://woocommerce.com/document/webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-wc-webhook-signature"] }, enc: "base64", content: "{body}" },
  eventId: [],
  eventType: ["header:x-wc-webhook-topic"],
  eventKey: ["json:id"],
  bodyAuthenticated: true,
  handshakes: [
    {
      name: "unsigned ping",
      methods: ["POST"],
      when: [
        { at: "form:webhook_id", is: "present" },
        { at: "header:x-wc-webhook-signature", is: "absent" },
      ],
      demands: [{ at: "body", matches: "webhook_id=\\d{1,20}" }],
    },
  ],
  setup: [
    "Open WooCommerce, Settings, Advanced, Webhooks and add a webhook.",
    "Enter the URL of this source as the delivery URL and its secret as the secret.",
  ],
  secretHint: "WooCommerce → Settings → Advanced → Webhooks → your webhook → Secret.",
  answerWithinSeconds: 60,
  retry: "None.",
  samples: [
    {
      type: "order.created",
      headers: {
        "x-wc-webhook-topic": "order.created",
        "x-wc-webhook-resource": "order",
        "x-wc-webhook-event": "created",
        "x-wc-webhook-source": "https://shop.example.test/",
        "x-wc-webhook-id": "1",
      },
      body: {
        id: 1001,
        number: "1001",
        status: "processing",
        currency: "EUR",
        date_created_gmt: "2026-10-09T08:53:20",
        total: "12.00",
        customer_id: 7,
        billing: { first_name: "Ada", email: "ada@example.test" },
        line_items: [{ id: 1, name: "Posthorn", quantity: 1, total: "12.00" }],
      },
    },
  ],
} as const satisfies Provider;
