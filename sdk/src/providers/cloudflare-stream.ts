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
  bodyAuthenticated: true,
  setup: ["Set the URL of this source as the webhook of Stream through the Cloudflare API.", "Save the secret of the answer here."],
  ipRanges: ["https://www.cloudflare.com/ips"],
} as const satisfies Provider;
