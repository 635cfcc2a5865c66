// QuickBooks (Intuit) webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "quickbooks",
  name: "QuickBooks (Intuit)",
  docsUrl: "https://developer.intuit.com",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["intuit-signature"] }, enc: "base64", content: "{body}" },
  eventId: [],
  eventType: [],
  bodyAuthenticated: true,
  batch: {
    items: "json:eventNotifications",
    type: ["text:{json:dataChangeEvent.entities.0.name}.{json:dataChangeEvent.entities.0.operation}"],
    key: ["json:realmId"],
  },
  setup: ["Enter the URL of this source under Webhooks of the app at developer.intuit.com.", "Copy the verifier token and save it here."],
  experimental: true,
} as const satisfies Provider;
