// Buildkite webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "buildkite",
  name: "Buildkite",
  docsUrl: "https://buildkite.com/docs/apis/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-buildkite-signature"], parse: "kv", sep: ",", sigKey: "signature", tsKey: "timestamp" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", toleranceSeconds: 300, future: false },
  },
  eventId: [],
  eventType: ["header:x-buildkite-event", "json:event"],
  bodyAuthenticated: true,
  setup: [
    "Add a webhook notification service in Buildkite with the URL of this source.",
    "Choose to send an HMAC signature, copy the token and save it here.",
  ],
  ipRanges: ["https://api.buildkite.com/v2/meta"],
} as const satisfies Provider;
