// Mux webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "mux",
  name: "Mux",
  docsUrl: "https://www.mux.com/docs",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["mux-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", toleranceSeconds: 300, future: false },
  },
  eventId: ["json:id"],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  setup: ["Create a webhook in Mux and enter the URL of this source.", "Copy the signing secret that Mux shows and save it here as it is."],
} as const satisfies Provider;
