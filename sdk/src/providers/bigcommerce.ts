// BigCommerce: Standard Webhooks headers, keyed with the whole secret as text.
import type { Provider } from "../provider.ts";

export default {
  id: "bigcommerce",
  name: "BigCommerce",
  docsUrl: "https://developer.bigcommerce.com/docs",
  scheme: { kind: "standard-webhooks", key: "utf8", headerPrefixes: ["webhook"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id"],
  eventType: ["json:scope"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook through the BigCommerce API with the URL of this source as its destination.",
    "Save the client secret of the app that created it here as it is.",
  ],
  retry: "After 60 s and then ever later up to 86,400 s, over 48 hours; then the webhook is deactivated.",
} as const satisfies Provider;
