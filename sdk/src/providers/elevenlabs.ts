// ElevenLabs webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "elevenlabs",
  name: "ElevenLabs",
  docsUrl: "https://elevenlabs.io/docs",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["elevenlabs-signature"], parse: "kv", sep: ",", sigKey: "v0", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", toleranceSeconds: 1800, future: false },
  },
  eventId: [],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Create a webhook in ElevenLabs and enter the URL of this source.",
    "Copy the signing secret that ElevenLabs shows and save it here as it is.",
  ],
} as const satisfies Provider;
