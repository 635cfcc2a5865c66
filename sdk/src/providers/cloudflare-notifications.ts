// Cloudflare Notifications: a shared token in the header cf-webhook-auth.
import type { Provider } from "../provider.ts";

export default {
  id: "cloudflare-notifications",
  name: "Cloudflare Notifications",
  docsUrl: "https://developers.cloudflare.com/notifications/get-started/configure-webhooks/",
  scheme: { kind: "token", header: "cf-webhook-auth" },
  eventId: [],
  eventType: ["json:alert_type"],
  eventTime: [{ from: "json:ts", unit: "s" }],
  secretHint: "Notifications → Destinations → Webhooks → your webhook → Secret: the text you entered there yourself.",
  bodyAuthenticated: false,
  setup: [
    "Open Notifications, Destinations in the Cloudflare dashboard and add a webhook with the URL of this source.",
    "Enter the secret of this source as the secret.",
  ],
  ipRanges: ["https://www.cloudflare.com/ips"],
  samples: [
    {
      type: "http_alert_origin_error",
      body: {
        name: "Origin errors",
        text: "Origin error rate is above its usual level for example.test.",
        data: { zone_name: "example.test", severity: "high" },
        ts: 1760000000,
        account_id: "00000000000000000000000000000001",
        policy_id: "00000000000000000000000000000002",
        policy_name: "Origin errors",
        alert_type: "http_alert_origin_error",
      },
    },
  ],
} as const satisfies Provider;
