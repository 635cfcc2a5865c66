// Mailchimp Marketing: a shared token in the query of the URL.
import type { Provider } from "../provider.ts";

export default {
  id: "mailchimp-marketing",
  name: "Mailchimp Marketing",
  docsUrl: "https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/",
  scheme: { kind: "token", query: "token", fromParams: true },
  eventId: [],
  eventType: ["form:type"],
  bodyAuthenticated: false,
  experimental: true,
  handshakes: [{ name: "check of the URL", methods: ["GET"] }],
  setup: [
    "Enter the URL of this source in Mailchimp Marketing, with ?token= and the secret of this source at its end.",
    "Where the sender can send a header instead, name that header as the parameter header here.",
  ],
} as const satisfies Provider;
