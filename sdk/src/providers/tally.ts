// Tally webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "tally",
  name: "Tally",
  docsUrl: "https://tally.so/help",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["tally-signature"] }, enc: "base64", content: "{body}" },
  eventId: [],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Tally and enter the URL of this source.",
    "Copy the signing secret that Tally shows and save it here as it is.",
  ],
} as const satisfies Provider;
