// Paddle Billing. Five seconds is the tolerance of Paddle's own library; raise it where requests wait in a queue.
import type { Provider } from "../provider.ts";

export default {
  id: "paddle",
  name: "Paddle Billing",
  docsUrl: "https://developer.paddle.com/webhooks/signature-verification",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["paddle-signature"], parse: "kv", sep: ";", sigKey: "h1", tsKey: "ts" },
    enc: "hex",
    content: "{ts}:{body}",
    ts: { from: "sig", unit: "s", toleranceSeconds: 5, future: false },
  },
  eventId: ["json:event_id"],
  eventType: ["json:event_type"],
  bodyAuthenticated: true,
  setup: [
    "Create a notification destination in Paddle and enter the URL of this source.",
    "Copy the endpoint secret key that Paddle shows and save it here as it is.",
  ],
} as const satisfies Provider;
