// Tailscale webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "tailscale",
  name: "Tailscale",
  docsUrl: "https://tailscale.com/docs/features/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["tailscale-webhook-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", future: false },
  },
  eventId: [],
  eventType: ["json:0.type"],
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Create a webhook in Tailscale and enter the URL of this source.",
    "Copy the signing secret that Tailscale shows and save it here as it is.",
  ],
} as const satisfies Provider;
