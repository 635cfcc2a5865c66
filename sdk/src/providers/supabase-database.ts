// Supabase database webhooks: a shared token in the query of the URL.
import type { Provider } from "../provider.ts";

export default {
  id: "supabase-database",
  name: "Supabase database webhooks",
  docsUrl: "https://supabase.com/docs/guides/database/webhooks",
  scheme: { kind: "token", query: "token", fromParams: true },
  eventId: [],
  eventType: ["json:type"],
  bodyAuthenticated: false,
  experimental: true,
  setup: [
    "Enter the URL of this source in Supabase database webhooks, with ?token= and the secret of this source at its end.",
    "Where the sender can send a header instead, name that header as the parameter header here.",
  ],
} as const satisfies Provider;
