// Gitea webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "gitea",
  name: "Gitea",
  docsUrl: "https://docs.gitea.com/usage/webhooks",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-gitea-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["header:x-gitea-delivery"],
  eventType: ["header:x-gitea-event"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Gitea and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
    "Choose application/json: Gitea signs the JSON even when it sends a form.",
  ],
  retry: "None: one try.",
} as const satisfies Provider;
