// Jira and Confluence Connect apps. The token covers method, path and query, but not the body.
import type { Provider } from "../provider.ts";

export default {
  id: "jira-connect",
  name: "Jira Connect app",
  docsUrl: "https://developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps/",
  scheme: {
    kind: "jwt",
    header: "authorization",
    prefix: "JWT ",
    algs: ["HS256"],
    leewaySeconds: 60,
    expires: true,
    claims: [{ claim: "iss", param: "clientKey", optional: true }],
    queryHashClaim: "qsh",
  },
  eventId: [],
  eventType: ["json:webhookEvent"],
  eventTime: [{ from: "json:timestamp", unit: "ms" }],
  eventKey: ["json:issue.key", "json:project.key"],
  secretHint: "The sharedSecret in the body of the installed callback that Jira sends when the app is installed.",
  bodyAuthenticated: false,
  ipRanges: ["https://ip-ranges.atlassian.com"],
  setup: [
    "Declare the webhook with the URL of this source in the descriptor of your Connect app.",
    "Save the sharedSecret that Jira sends when the app is installed here as the secret, and the clientKey as the parameter clientKey.",
    "When the base URL of the app has a path, save that path here as the parameter basePath.",
  ],
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
  ],
} as const satisfies Provider;
