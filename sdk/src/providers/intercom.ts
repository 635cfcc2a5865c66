// Intercom webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "intercom",
  name: "Intercom",
  docsUrl: "https://developers.intercom.com",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha1",
    key: "utf8",
    sig: { header: ["x-hub-signature"], prefix: "sha1=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:id"],
  eventType: ["json:topic"],
  bodyAuthenticated: true,
  setup: [
    "Open the app in the Intercom developer hub and add the URL of this source under Webhooks.",
    "Save the client secret of the app here.",
  ],
} as const satisfies Provider;
