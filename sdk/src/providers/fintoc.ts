// Fintoc webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "fintoc",
  name: "Fintoc",
  docsUrl: "https://docs.fintoc.com/docs/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["fintoc-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", future: false },
  },
  eventId: ["json:id"],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Create a webhook in Fintoc and enter the URL of this source.",
    "Copy the signing secret that Fintoc shows and save it here as it is.",
  ],
} as const satisfies Provider;
