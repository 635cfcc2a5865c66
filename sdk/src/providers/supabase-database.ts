// Supabase database webhooks: a shared token in the query of the URL.
import type { Provider } from "../provider.ts";

export default {
  id: "supabase-database",
  name: "Supabase database webhooks",
  docsUrl: "https://supabase.com/docs/guides/database/webhooks",
  scheme: { kind: "token", query: "token", fromParams: true },
  eventId: [],
  eventType: ["json:type"],
  eventKey: ["json:record.id", "json:old_record.id"],
  bodyAuthenticated: false,
  experimental: true,
  setup: [
    "Enter the URL of this source in Supabase database webhooks, with ?token= and the secret of this source at its end.",
    "Where the sender can send a header instead, name that header as the parameter header here.",
  ],
  secretHint: "The token that you entered in the URL, or in the HTTP Headers, of the webhook under Database Webhooks.",
  samples: [
    {
      type: "INSERT",
      body: { type: "INSERT", table: "orders", schema: "public", record: { id: 1001, status: "new", total: 1200 }, old_record: null },
    },
    {
      type: "DELETE",
      body: { type: "DELETE", table: "orders", schema: "public", record: null, old_record: { id: 1001, status: "new", total: 1200 } },
    },
  ],
} as const satisfies Provider;
