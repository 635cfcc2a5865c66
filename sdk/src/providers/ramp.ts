// Ramp webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "ramp",
  name: "Ramp",
  docsUrl: "https://docs.ramp.com",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-ramp-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Ramp and enter the URL of this source.",
    "Copy the signing secret that Ramp shows and save it here as it is.",
  ],
} as const satisfies Provider;
