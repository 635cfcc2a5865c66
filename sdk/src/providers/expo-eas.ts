// Expo EAS webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "expo-eas",
  name: "Expo EAS",
  docsUrl: "https://docs.expo.dev/eas/webhooks/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha1",
    key: "utf8",
    sig: { header: ["expo-signature"], prefix: "sha1=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:id"],
  eventType: [],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Expo and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
} as const satisfies Provider;
