// GitHub repository, organisation and app webhooks.
// The type is the event name alone, so that one subscription to `pull_request` covers all its actions; the action
// is in the body. Only SHA-256 is accepted: the SHA-1 header that GitHub also sends is a legacy of weaker clients.
import type { Provider } from "../provider.ts";

export default {
  id: "github",
  name: "GitHub",
  docsUrl: "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-hub-signature-256"], prefix: "sha256=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["header:x-github-delivery"],
  eventType: ["header:x-github-event"],
  bodyAuthenticated: true,
  setup: [
    "Open Settings, Webhooks, Add webhook in the repository or organisation.",
    "Enter the URL of this source as the payload URL and choose application/json.",
    "Enter the secret of this source as the secret, choose the events, and save: GitHub sends a ping.",
  ],
} as const satisfies Provider;
