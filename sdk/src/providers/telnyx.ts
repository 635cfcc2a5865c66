// Telnyx: ed25519 over timestamp and body, checked with the public key of the account.
import type { Provider } from "../provider.ts";

export default {
  id: "telnyx",
  name: "Telnyx",
  docsUrl: "https://developers.telnyx.com/development/api-fundamentals/webhooks/receiving-webhooks",
  scheme: {
    kind: "asymmetric",
    alg: "ed25519",
    header: "telnyx-signature-ed25519",
    enc: "base64",
    content: "{ts}|{body}",
    ts: { header: "telnyx-timestamp", unit: "s", toleranceSeconds: 300 },
  },
  eventId: ["json:data.id"],
  eventType: ["json:data.event_type"],
  bodyAuthenticated: true,
  setup: [
    "Copy the public key of your account from Keys and Credentials in the Telnyx portal and save it here as the public key.",
    "Enter the URL of this source as the webhook URL of your application or profile.",
  ],
} as const satisfies Provider;
