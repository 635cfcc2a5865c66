// Cloudflare Stream webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "cloudflare-stream",
  name: "Cloudflare Stream",
  docsUrl: "https://developers.cloudflare.com/stream/manage-video-library/using-webhooks/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["webhook-signature"], parse: "kv", sep: ",", sigKey: "sig1", tsKey: "time" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", future: false },
  },
  eventId: ["text:{json:uid}.{json:status.state}"],
  eventType: ["json:status.state"],
  eventTime: [{ from: "json:modified", unit: "rfc3339" }],
  eventKey: ["json:uid"],
  secretHint: "The secret in the answer to the call that sets the webhook of Stream (PUT …/stream/webhook).",
  bodyAuthenticated: true,
  setup: ["Set the URL of this source as the webhook of Stream through the Cloudflare API.", "Save the secret of the answer here."],
  ipRanges: ["https://www.cloudflare.com/ips"],
  samples: [
    {
      type: "ready",
      body: {
        uid: "00000000000000000000000000000001",
        readyToStream: true,
        status: { state: "ready", pctComplete: "100.000000" },
        meta: { name: "example.mp4" },
        created: "2025-10-09T08:50:00.000000Z",
        modified: "2025-10-09T08:53:20.000000Z",
        size: 1500000,
        duration: 12.5,
      },
    },
  ],
} as const satisfies Provider;
