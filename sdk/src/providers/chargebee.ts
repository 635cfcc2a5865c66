// Chargebee: HTTP Basic authentication.
import type { Provider } from "../provider.ts";

export default {
  id: "chargebee",
  name: "Chargebee",
  docsUrl: "https://www.chargebee.com/docs",
  scheme: { kind: "basic" },
  eventId: ["json:id"],
  eventType: ["json:event_type"],
  bodyAuthenticated: false,
  setup: [
    "Enter the URL of this source as the webhook URL in Chargebee.",
    "Give it a user and a long random password, and save both here as user:password.",
  ],
} as const satisfies Provider;
