// Bitbucket Cloud webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "bitbucket",
  name: "Bitbucket Cloud",
  docsUrl: "https://support.atlassian.com/bitbucket-cloud",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-hub-signature"], prefix: "sha256=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["header:x-request-uuid"],
  eventType: ["header:x-event-key"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Bitbucket and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  ipRanges: ["https://ip-ranges.atlassian.com"],
} as const satisfies Provider;
