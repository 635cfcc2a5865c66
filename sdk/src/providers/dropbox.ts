// Dropbox webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "dropbox",
  name: "Dropbox",
  docsUrl: "https://www.dropbox.com/developers/reference/webhooks",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-dropbox-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: [],
  bodyAuthenticated: true,
  setup: ["Add the URL of this source as a webhook URI in the app's console.", "Save the app secret here."],
} as const satisfies Provider;
