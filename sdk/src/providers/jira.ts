// Jira Cloud webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "jira",
  name: "Jira Cloud",
  docsUrl: "https://developer.atlassian.com/cloud/jira/platform/webhooks/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-hub-signature"], prefix: "sha256=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["header:x-atlassian-webhook-identifier"],
  eventType: ["json:webhookEvent"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Jira and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  answerWithinSeconds: 20,
  retry: "Up to 5 times on 408, 409, 425, 429, 5xx and timeouts.",
  ipRanges: ["https://ip-ranges.atlassian.com"],
} as const satisfies Provider;
