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
  eventTime: [{ from: "json:timestamp", unit: "rfc3339" }],
  eventKey: ["json:conversation.id"],
  bodyAuthenticated: true,
  setup: [
    "Create an outgoing webhook in Microsoft Teams and enter the URL of this source.",
    "Copy the security token that Microsoft Teams shows and save it here as it is.",
  ],
  secretHint: "The security token that Teams shows once, when the outgoing webhook is created.",
  experimental: true,
  samples: [
    {
      type: "message",
      body: {
        type: "message",
        id: "1760000000000",
        timestamp: "2026-10-09T08:53:20.000Z",
        serviceUrl: "https://teams.example.test/",
        channelId: "msteams",
        from: { id: "29:EXAMPLE", name: "Ada Example" },
        conversation: { id: "19:example@thread.example.test;messageid=1760000000000" },
        text: "<at>Posthorn</at> deploy",
      },
    },
  ],
} as const satisfies Provider;
