// Modern Treasury webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "modern-treasury",
  name: "Modern Treasury",
  docsUrl: "https://docs.moderntreasury.com",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Modern Treasury and enter the URL of this source.",
    "Copy the signing secret that Modern Treasury shows and save it here as it is.",
  ],
} as const satisfies Provider;
