// Mollie, next-generation webhooks. For 24 hours after a rotation the header is sent twice, once for each secret.
import type { Provider } from "../provider.ts";

export default {
  id: "mollie",
  name: "Mollie",
  docsUrl: "https://docs.mollie.com",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-mollie-signature"], prefix: "sha256=", parse: "list", sep: ",", repeats: true },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:id"],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Mollie and enter the URL of this source.",
    "Copy the signing secret that Mollie shows and save it here as it is.",
  ],
} as const satisfies Provider;
