// Vercel webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "vercel",
  name: "Vercel",
  docsUrl: "https://vercel.com/docs/webhooks",
  scheme: { kind: "hmac", alg: "hmac-sha1", key: "utf8", sig: { header: ["x-vercel-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["json:id"],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Vercel and enter the URL of this source.",
    "Copy the signing secret that Vercel shows and save it here as it is.",
  ],
} as const satisfies Provider;
