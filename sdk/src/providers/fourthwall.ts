// Fourthwall webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "fourthwall",
  name: "Fourthwall",
  docsUrl: "https://docs.fourthwall.com",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-fourthwall-hmac-sha256"] },
    enc: "base64",
    content: "{body}",
  },
  eventId: [],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Fourthwall and enter the URL of this source.",
    "Copy the signing secret that Fourthwall shows and save it here as it is.",
  ],
} as const satisfies Provider;
