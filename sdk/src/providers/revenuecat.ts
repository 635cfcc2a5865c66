// RevenueCat, with the signing secret of a webhook. One that only sends an Authorization header is the provider token.
import type { Provider } from "../provider.ts";

export default {
  id: "revenuecat",
  name: "RevenueCat",
  docsUrl: "https://www.revenuecat.com/docs/integrations/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-revenuecat-webhook-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", future: false },
  },
  eventId: ["json:event.id"],
  eventType: ["json:event.type"],
  eventTime: [{ from: "json:event.event_timestamp_ms", unit: "ms" }],
  eventKey: ["json:event.app_user_id"],
  bodyAuthenticated: true,
  setup: [
    "Open Integrations, Webhooks in the RevenueCat dashboard and add a configuration with the URL of this source.",
    "Turn on signing, copy the signing secret and save it here as it is.",
    "A webhook without signing sends only the Authorization header you gave it: use the provider token for that.",
  ],
  secretHint: "Integrations → Webhooks → your configuration: the signing secret.",
  experimental: true,
  samples: [
    {
      type: "INITIAL_PURCHASE",
      body: {
        api_version: "1.0",
        event: {
          id: "00000000-0000-4000-8000-000000000028",
          type: "INITIAL_PURCHASE",
          event_timestamp_ms: 1760000000000,
          app_user_id: "user-1001",
          product_id: "premium_monthly",
          period_type: "NORMAL",
          store: "APP_STORE",
          environment: "SANDBOX",
          entitlement_ids: ["premium"],
          price: 9.99,
          currency: "USD",
        },
      },
    },
  ],
} as const satisfies Provider;
