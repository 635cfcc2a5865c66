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
  bodyAuthenticated: false,
  ipRanges: ["https://ip-ranges.atlassian.com"],
  setup: [
    "Declare the webhook with the URL of this source in the descriptor of your Connect app.",
    "Save the sharedSecret that Jira sends when the app is installed here as the secret, and the clientKey as the parameter clientKey.",
    "When the base URL of the app has a path, save that path here as the parameter basePath.",
  ],
} as const satisfies Provider;
