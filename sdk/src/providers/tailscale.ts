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
  eventTime: [{ from: "json:0.timestamp", unit: "rfc3339" }],
  eventKey: ["json:0.data.nodeID"],
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Create a webhook in Tailscale and enter the URL of this source.",
    "Copy the signing secret that Tailscale shows and save it here as it is.",
  ],
  secretHint: "Settings → Webhooks of the admin console: the secret that Tailscale shows once, when the webhook is created.",
  samples: [
    {
      type: "nodeCreated",
      body: [
        {
          timestamp: "2026-10-09T08:53:20.000000Z",
          version: 1,
          type: "nodeCreated",
          tailnet: "example.test",
          message: "Node example created",
          data: {
            nodeID: "nEXAMPLE0001",
            deviceName: "example.tail0000.ts.test",
            managedBy: "ada@example.test",
            actor: "ada@example.test",
          },
        },
      ],
    },
  ],
} as const satisfies Provider;
