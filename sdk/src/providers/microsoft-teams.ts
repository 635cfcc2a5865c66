// Microsoft Teams (outgoing webhook) webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "microsoft-teams",
  name: "Microsoft Teams (outgoing webhook)",
  docsUrl: "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-outgoing-webhook",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "base64",
    sig: { header: ["authorization"], prefix: "HMAC " },
    enc: "base64",
    content: "{body}",
  },
  eventId: ["json:id"],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  setup: [
    "Create an outgoing webhook in Microsoft Teams and enter the URL of this source.",
    "Copy the security token that Microsoft Teams shows and save it here as it is.",
  ],
  experimental: true,
} as const satisfies Provider;
