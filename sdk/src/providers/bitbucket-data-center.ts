// Bitbucket Data Center webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "bitbucket-data-center",
  name: "Bitbucket Data Center",
  docsUrl: "https://confluence.atlassian.com/bitbucketserver/manage-webhooks-938025878.html",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-hub-signature"], prefix: "sha256=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["header:x-request-id"],
  eventType: ["header:x-event-key"],
  eventKey: [
    "text:{json:repository.project.key}/{json:repository.slug}",
    "text:{json:pullRequest.toRef.repository.project.key}/{json:pullRequest.toRef.repository.slug}",
  ],
  secretHint: "Repository settings → Webhooks → your webhook → Secret: the text you entered there yourself.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Bitbucket and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  samples: [
    {
      type: "repo:refs_changed",
      headers: { "x-event-key": "repo:refs_changed" },
      body: {
        eventKey: "repo:refs_changed",
        date: "2025-10-09T08:53:20+0000",
        actor: { name: "ada", emailAddress: "ada@example.test", id: 1, displayName: "Ada Example", active: true },
        repository: { slug: "widgets", id: 84, name: "widgets", project: { key: "EX", id: 1, name: "Example" }, public: false },
        changes: [
          {
            ref: { id: "refs/heads/main", displayId: "main", type: "BRANCH" },
            refId: "refs/heads/main",
            fromHash: "1111111111111111111111111111111111111111",
            toHash: "2222222222222222222222222222222222222222",
            type: "UPDATE",
          },
        ],
      },
    },
    {
      type: "pr:opened",
      headers: { "x-event-key": "pr:opened" },
      body: {
        eventKey: "pr:opened",
        date: "2025-10-09T08:53:20+0000",
        actor: { name: "ada", id: 1, displayName: "Ada Example" },
        pullRequest: {
          id: 1,
          title: "Add widgets",
          state: "OPEN",
          fromRef: { id: "refs/heads/widgets", latestCommit: "2222222222222222222222222222222222222222" },
          toRef: { id: "refs/heads/main", repository: { slug: "widgets", id: 84, project: { key: "EX" } } },
        },
      },
    },
  ],
} as const satisfies Provider;
