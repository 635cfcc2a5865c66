// Nylas webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "nylas",
  name: "Nylas",
  docsUrl: "https://developer.nylas.com/docs",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-nylas-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["json:id"],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  handshakes: [{ name: "challenge", methods: ["GET"], when: [{ at: "query:challenge", is: "present" }], text: "{query:challenge}" }],
  setup: [
    "Create a webhook in Nylas and enter the URL of this source.",
    "Copy the signing secret that Nylas shows and save it here as it is.",
  ],
} as const satisfies Provider;
