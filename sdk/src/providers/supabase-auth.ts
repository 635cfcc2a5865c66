// Supabase Auth hooks: Standard Webhooks headers. Supabase waits for the answer before it goes on with the sign-in.
import type { Provider } from "../provider.ts";

export default {
  id: "supabase-auth",
  name: "Supabase Auth hooks",
  docsUrl: "https://supabase.com/docs/guides/auth/auth-hooks",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id"],
  eventType: ["json:metadata.name", "json:email_data.email_action_type"],
  eventTime: [{ from: "json:metadata.time", unit: "rfc3339" }],
  eventKey: ["json:user.id"],
  bodyAuthenticated: true,
  setup: [
    "Open Authentication, Hooks in the Supabase dashboard, add a hook of the type HTTPS and enter the URL of this source.",
    "Generate the secret there (v1,whsec_…) and save it here as it is; of several, divided by a bar, save each as a secret of its own.",
  ],
  secretHint: "Authentication → Hooks → your hook → Secret (v1,whsec_…).",
  answer: { status: 200, contentType: "application/json", body: "{}" },
  experimental: true,
  samples: [
    {
      type: "signup",
      body: {
        user: { id: "00000000-0000-4000-8000-000000000029", aud: "authenticated", role: "", email: "ada@example.test", phone: "" },
        email_data: {
          token: "000000",
          token_hash: "example0000000000000000000000000000000000000000000000",
          redirect_to: "https://app.example.test/",
          email_action_type: "signup",
          site_url: "https://app.example.test",
          token_new: "",
          token_hash_new: "",
        },
      },
    },
    {
      type: "before-user-created",
      body: {
        metadata: {
          uuid: "00000000-0000-4000-8000-00000000002a",
          time: "2026-10-09T08:53:20.000000Z",
          name: "before-user-created",
          ip_address: "192.0.2.1",
        },
        user: { id: "00000000-0000-4000-8000-00000000002b", email: "ada@example.test", app_metadata: { provider: "email" } },
      },
    },
  ],
} as const satisfies Provider;
