// Whereby webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "whereby",
  name: "Whereby",
  docsUrl: "https://docs.whereby.com",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["whereby-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "ms", future: false },
  },
  eventId: [],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Create a webhook in Whereby and enter the URL of this source.",
    "Copy the signing secret that Whereby shows and save it here as it is.",
  ],
} as const satisfies Provider;
