// Recharge: plain SHA-256 over the secret and the body, no HMAC; a newer HMAC with the time is sent beside it.
import type { Provider } from "../provider.ts";

export default {
  id: "recharge",
  name: "Recharge",
  docsUrl: "https://developer.rechargepayments.com/2021-11/webhooks_explained",
  scheme: {
    kind: "hmac",
    alg: "sha256-prefix",
    key: "utf8",
    sig: { header: ["x-recharge-hmac-sha256"] },
    enc: "hex",
    content: "{body}",
    versions: {
      param: "signatureVersion",
      recipes: {
        timestamped: {
          alg: "hmac-sha256",
          key: "utf8",
          sig: { header: ["x-recharge-webhook-signature"], parse: "kv", sigKey: "v1", tsKey: "t" },
          enc: "hex",
          content: "{ts}.{body}",
          // 48 hours, in which Recharge repeats what failed.
          ts: { from: "sig", unit: "s", toleranceSeconds: 172_800, future: true },
        },
      },
    },
  },
  eventId: [],
  eventType: ["header:x-recharge-topic"],
  eventKey: ["json:subscription.id", "json:charge.id", "json:order.id", "json:customer.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook through the Recharge API with the URL of this source.",
    "Save the client secret of the API token here.",
    "Save timestamped as the parameter signatureVersion: then the newer signature counts, which cannot be sent again after 48 hours.",
  ],
  secretHint: "The API client secret of the API token with which the webhook was created.",
  answerWithinSeconds: 5,
  retry: "20 times within 48 hours; then the webhook is deleted.",
  samples: [
    {
      type: "subscription/created",
      headers: { "x-recharge-topic": "subscription/created" },
      body: {
        subscription: {
          id: 100000001,
          customer_id: 100000002,
          status: "active",
          product_title: "Example coffee",
          quantity: 1,
          order_interval_frequency: "30",
          order_interval_unit: "day",
        },
      },
    },
  ],
} as const satisfies Provider;
