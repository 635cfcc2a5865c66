// AssemblyAI: a shared token in the query of the URL.
import type { Provider } from "../provider.ts";

export default {
  id: "assemblyai",
  name: "AssemblyAI",
  docsUrl: "https://www.assemblyai.com/docs/deployment/webhooks",
  scheme: { kind: "token", query: "token", fromParams: true },
  eventId: [],
  eventType: ["json:status"],
  eventKey: ["json:transcript_id"],
  secretHint: "The token is your own: the one in webhook_url, or the webhook_auth_header_value of the transcript request.",
  bodyAuthenticated: false,
  experimental: true,
  setup: [
    "Enter the URL of this source in AssemblyAI, with ?token= and the secret of this source at its end.",
    "Where the sender can send a header instead, name that header as the parameter header here.",
  ],
  samples: [{ type: "completed", body: { transcript_id: "00000000-0000-4000-8000-000000000001", status: "completed" } }],
} as const satisfies Provider;
