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
  eventTime: [
    { from: "json:comment.updated_at", unit: "rfc3339" },
    { from: "json:review.submitted_at", unit: "rfc3339" },
    { from: "json:pull_request.updated_at", unit: "rfc3339" },
    { from: "json:issue.updated_at", unit: "rfc3339" },
    { from: "json:release.published_at", unit: "rfc3339" },
    { from: "json:workflow_run.updated_at", unit: "rfc3339" },
    { from: "json:head_commit.timestamp", unit: "rfc3339" },
  ],
  eventKey: [
    "text:{json:repository.full_name}#{json:pull_request.number}",
    "text:{json:repository.full_name}#{json:issue.number}",
    "json:repository.full_name",
    "json:organization.login",
  ],
  secretHint: "Settings → Webhooks → your webhook → Secret: the text you entered there yourself; GitHub never shows it again.",
  bodyAuthenticated: true,
  setup: [
    "Open Settings, Webhooks, Add webhook in the repository or organisation.",
    "Enter the URL of this source as the payload URL and choose application/json.",
    "Enter the secret of this source as the secret, choose the events, and save: GitHub sends a ping.",
  ],
  answerWithinSeconds: 10,
  retry: "None: a failed delivery can be redelivered by hand for 3 days.",
  ipRanges: ["https://api.github.com/meta"],
  samples: [
    {
      type: "push",
      headers: { "x-github-event": "push" },
      body: {
        ref: "refs/heads/main",
        before: "1111111111111111111111111111111111111111",
        after: "2222222222222222222222222222222222222222",
        created: false,
        deleted: false,
        forced: false,
        compare: "https://github.com/example/widgets/compare/111111111111...222222222222",
        commits: [
          {
            id: "2222222222222222222222222222222222222222",
            message: "Add widgets",
            timestamp: "2025-10-09T08:53:20Z",
            author: { name: "Ada Example", email: "ada@example.test", username: "ada" },
            added: ["widgets.txt"],
            removed: [],
            modified: [],
          },
        ],
        head_commit: { id: "2222222222222222222222222222222222222222", message: "Add widgets", timestamp: "2025-10-09T08:53:20Z" },
        repository: { id: 1, name: "widgets", full_name: "example/widgets", private: true, default_branch: "main" },
        pusher: { name: "ada", email: "ada@example.test" },
        sender: { login: "ada", id: 1, type: "User" },
      },
    },
    {
      type: "pull_request",
      headers: { "x-github-event": "pull_request" },
      body: {
        action: "opened",
        number: 1,
        pull_request: {
          id: 1,
          number: 1,
          state: "open",
          title: "Add widgets",
          draft: false,
          merged: false,
          created_at: "2025-10-09T08:53:20Z",
          updated_at: "2025-10-09T08:53:20Z",
          head: { ref: "widgets", sha: "2222222222222222222222222222222222222222" },
          base: { ref: "main", sha: "1111111111111111111111111111111111111111" },
          user: { login: "ada", id: 1, type: "User" },
        },
        repository: { id: 1, name: "widgets", full_name: "example/widgets", private: true },
        sender: { login: "ada", id: 1, type: "User" },
      },
    },
    {
      type: "ping",
      headers: { "x-github-event": "ping" },
      body: {
        zen: "An example.",
        hook_id: 1001,
        hook: { type: "Repository", id: 1001, name: "web", active: true, events: ["push"], config: { content_type: "json" } },
        repository: { id: 1, name: "widgets", full_name: "example/widgets", private: true },
        sender: { login: "ada", id: 1, type: "User" },
      },
    },
  ],
} as const satisfies Provider;
