// Square webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "square",
  name: "Square",
  docsUrl: "https://developer.squareup.com/docs/webhooks/step3validate",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-square-hmacsha256-signature"] },
    enc: "base64",
    content: "{url}{body}",
  },
  eventId: ["json:event_id"],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook subscription in Square and enter the URL of this source.",
    "Copy the signature key that Square shows and save it here as it is.",
    "Save the same URL, exactly as entered there, as the parameter url: it is part of what is signed.",
  ],
} as const satisfies Provider;
