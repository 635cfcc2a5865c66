// Paystack webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "paystack",
  name: "Paystack",
  docsUrl: "https://paystack.com/docs/payments/webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha512", key: "utf8", sig: { header: ["x-paystack-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["json:event"],
  bodyAuthenticated: true,
  setup: ["Enter the URL of this source as the webhook URL in the Paystack dashboard.", "Save the secret API key of the account here."],
  retry: "Every 3 minutes four times, then hourly for 72 hours.",
  ipRanges: ["52.31.139.75", "52.49.173.169", "52.214.14.220"],
} as const satisfies Provider;
