// Forgejo webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "forgejo",
  name: "Forgejo",
  docsUrl: "https://forgejo.org/docs",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-forgejo-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["header:x-forgejo-delivery"],
  eventType: ["header:x-forgejo-event"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Forgejo and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
    "Choose application/json: Forgejo signs the JSON even when it sends a form.",
  ],
  retry: "None: one try.",
} as const satisfies Provider;
