// Retell AI webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "retell",
  name: "Retell AI",
  docsUrl: "https://docs.retellai.com",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-retell-signature"], parse: "kv", sep: ",", sigKey: "d", tsKey: "v" },
    enc: "hex",
    content: "{body}{ts}",
    ts: { from: "sig", unit: "ms", future: false },
  },
  eventId: [],
  eventType: ["json:event"],
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Enter the URL of this source as the webhook URL of the agent or the account.",
    "Save the Retell API key that signs webhooks here.",
  ],
} as const satisfies Provider;
