// Adyen for Platforms and Management webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "adyen-platform",
  name: "Adyen for Platforms and Management",
  docsUrl: "https://docs.adyen.com/development-resources/webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "hex", sig: { header: ["hmacsignature"] }, enc: "base64", content: "{body}" },
  eventId: [],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  setup: [
    "Create the webhook in the Adyen Customer Area with the URL of this source.",
    "Generate an HMAC key for it and save its hex text here.",
  ],
} as const satisfies Provider;
