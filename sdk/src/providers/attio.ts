// Attio webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "attio",
  name: "Attio",
  docsUrl: "https://docs.attio.com",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["attio-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Attio and enter the URL of this source.",
    "Copy the signing secret that Attio shows and save it here as it is.",
  ],
} as const satisfies Provider;
