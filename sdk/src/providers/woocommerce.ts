// WooCommerce. Its delivery id is new in every attempt, so there is no event id.
import type { Provider } from "../provider.ts";

export default {
  id: "woocommerce",
  name: "WooCommerce",
  docsUrl: "https://woocommerce.com/document/webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-wc-webhook-signature"] }, enc: "base64", content: "{body}" },
  eventId: [],
  eventType: ["header:x-wc-webhook-topic"],
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
  answerWithinSeconds: 60,
  retry: "None.",
} as const satisfies Provider;
