// Authorize.Net webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "authorize-net",
  name: "Authorize.Net",
  docsUrl: "https://developer.authorize.net/api/reference/features/webhooks.html",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha512",
    key: "utf8",
    sig: { header: ["x-anet-signature"], prefix: "sha512=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:notificationId"],
  eventType: ["json:eventType"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Authorize.Net and enter the URL of this source.",
    "Copy the Signature Key that Authorize.Net shows and save it here as it is.",
  ],
} as const satisfies Provider;
