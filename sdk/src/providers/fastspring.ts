// FastSpring webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "fastspring",
  name: "FastSpring",
  docsUrl: "https://developer.fastspring.com",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-fs-signature"] }, enc: "base64", content: "{body}" },
  eventId: [],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in FastSpring and enter the URL of this source.",
    "Copy the signing secret that FastSpring shows and save it here as it is.",
  ],
} as const satisfies Provider;
