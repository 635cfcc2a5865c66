// Jira Cloud webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "jira",
  name: "Jira Cloud",
  docsUrl: "https://developer.atlassian.com/cloud/jira/platform/webhooks/#secure-admin-webhooks",
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
  eventTime: [{ from: "json:timestamp", unit: "ms" }],
  eventKey: ["json:issue.key", "json:project.key"],
  secretHint: "Settings → System → WebHooks → your webhook → Secret: the text you entered or generated there.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Jira and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  answerWithinSeconds: 20,
  retry: "Up to 5 times on 408, 409, 425, 429, 5xx and timeouts.",
  ipRanges: ["https://ip-ranges.atlassian.com"],
  samples: [
    {
      type: "jira:issue_created",
      body: {
        timestamp: 1760000000000,
        webhookEvent: "jira:issue_created",
        issue_event_type_name: "issue_created",
        user: { accountId: "example-account-0001", displayName: "Ada Example", active: true },
        issue: {
          id: "10001",
          key: "EX-1",
          self: "https://example.atlassian.net/rest/api/2/issue/10001",
          fields: {
            summary: "A widget is broken",
            issuetype: { name: "Bug", subtask: false },
            project: { id: "10000", key: "EX", name: "Example" },
            status: { name: "To Do" },
            created: "2025-10-09T08:53:20.000+0000",
          },
        },
      },
    },
    {
      type: "comment_created",
      body: {
        timestamp: 1760000000000,
        webhookEvent: "comment_created",
        comment: {
          id: "10010",
          self: "https://example.atlassian.net/rest/api/2/issue/10001/comment/10010",
          author: { accountId: "example-account-0001", displayName: "Ada Example", active: true },
          body: "It does not turn.",
          created: "2025-10-09T08:53:20.000+0000",
        },
        issue: { id: "10001", key: "EX-1", fields: { summary: "A widget is broken", project: { id: "10000", key: "EX" } } },
        eventType: "primaryAction",
      },
    },
  ],
} as const satisfies Provider;
