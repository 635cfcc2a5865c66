// GitLab (signing token): Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "gitlab-signed",
  name: "GitLab (signing token)",
  docsUrl: "https://docs.gitlab.com/user/project/integrations/webhooks/",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id"],
  eventType: ["header:x-gitlab-event", "json:object_kind"],
  eventKey: ["json:project.path_with_namespace"],
  secretHint: "Settings → Webhooks → your webhook → Signing token.",
  bodyAuthenticated: true,
  setup: [
    "Open Settings, Webhooks in the GitLab project or group and add the URL of this source.",
    "Set a signing token and save it here.",
  ],
  answerWithinSeconds: 10,
  ipRanges: ["34.74.90.64/28", "34.74.226.0/24"],
  samples: [
    {
      type: "Push Hook",
      headers: { "x-gitlab-event": "Push Hook" },
      body: {
        object_kind: "push",
        event_name: "push",
        before: "1111111111111111111111111111111111111111",
        after: "2222222222222222222222222222222222222222",
        ref: "refs/heads/main",
        checkout_sha: "2222222222222222222222222222222222222222",
        user_id: 1,
        user_name: "Ada Example",
        user_username: "ada",
        project_id: 15,
        project: { id: 15, name: "widgets", path_with_namespace: "example/widgets", default_branch: "main" },
        commits: [
          {
            id: "2222222222222222222222222222222222222222",
            message: "Add widgets",
            timestamp: "2025-10-09T08:53:20Z",
            url: "https://gitlab.example.test/example/widgets/-/commit/2222222222222222222222222222222222222222",
            author: { name: "Ada Example", email: "ada@example.test" },
            added: ["widgets.txt"],
            modified: [],
            removed: [],
          },
        ],
        total_commits_count: 1,
      },
    },
    {
      type: "Merge Request Hook",
      headers: { "x-gitlab-event": "Merge Request Hook" },
      body: {
        object_kind: "merge_request",
        event_type: "merge_request",
        user: { id: 1, name: "Ada Example", username: "ada" },
        project: { id: 15, name: "widgets", path_with_namespace: "example/widgets", default_branch: "main" },
        object_attributes: {
          id: 99,
          iid: 1,
          title: "Add widgets",
          state: "opened",
          action: "open",
          source_branch: "widgets",
          target_branch: "main",
          last_commit: { id: "2222222222222222222222222222222222222222", message: "Add widgets" },
        },
      },
    },
  ],
} as const satisfies Provider;
