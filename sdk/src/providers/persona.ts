// Persona: during a rotation the header holds one set for each secret, each with its own time.
import type { Provider } from "../provider.ts";

export default {
  id: "persona",
  name: "Persona",
  docsUrl: "https://docs.withpersona.com/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["persona-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t", setSep: " " },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", future: false },
  },
  eventId: ["json:data.id"],
  eventType: ["json:data.attributes.name"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Persona and enter the URL of this source.",
    "Copy the signing secret that Persona shows and save it here as it is.",
  ],
} as const satisfies Provider;
