// Cloudflare Notifications: a shared token in the header cf-webhook-auth.
import type { Provider } from "../provider.ts";

export default {
  id: "cloudflare-notifications",
  name: "Cloudflare Notifications",
  docsUrl: "https://developers.cloudflare.com/notifications/get-started/configure-webhooks/",
  scheme: { kind: "token", header: "cf-webhook-auth" },
  eventId: [],
  eventType: ["json:alert_type"],
  bodyAuthenticated: false,
  setup: [
    "Open Notifications, Destinations in the Cloudflare dashboard and add a webhook with the URL of this source.",
    "Enter the secret of this source as the secret.",
  ],
  ipRanges: ["https://www.cloudflare.com/ips"],
} as const satisfies Provider;
