// Pipedrive: HTTP Basic authentication.
import type { Provider } from "../provider.ts";

export default {
  id: "pipedrive",
  name: "Pipedrive",
  docsUrl: "https://pipedrive.readme.io/docs/guide-for-webhooks",
  scheme: { kind: "basic" },
  eventId: [],
  eventType: ["json:event"],
  bodyAuthenticated: false,
  experimental: true,
  setup: [
    "Enter the URL of this source as the webhook URL in Pipedrive.",
    "Give it a user and a long random password, and save both here as user:password.",
  ],
} as const satisfies Provider;
