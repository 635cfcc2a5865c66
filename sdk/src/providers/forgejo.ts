// Forgejo webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "forgejo",
  name: "Forgejo",
  docsUrl: "https://forgejo.org/docs/latest/user/webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-forgejo-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["header:x-forgejo-delivery"],
  eventType: ["header:x-forgejo-event"],
  eventKey: ["json:repository.full_name"],
  secretHint: "Settings → Webhooks → your webhook → Secret: the text you entered there yourself.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Forgejo and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
    "Choose application/json: Forgejo signs the JSON even when it sends a form.",
  ],
  retry: "None: one try.",
  samples: [
    {
      type: "push",
      headers: { "x-forgejo-event": "push" },
      body: {
        ref: "refs/heads/main",
        before: "1111111111111111111111111111111111111111",
        after: "2222222222222222222222222222222222222222",
        compare_url:
          "https://git.example.test/example/widgets/compare/1111111111111111111111111111111111111111...2222222222222222222222222222222222222222",
        commits: [
          {
            id: "2222222222222222222222222222222222222222",
            message: "Add widgets",
            url: "https://git.example.test/example/widgets/commit/2222222222222222222222222222222222222222",
            author: { name: "Ada Example", email: "ada@example.test", username: "ada" },
            timestamp: "2025-10-09T08:53:20Z",
            added: ["widgets.txt"],
            removed: [],
            modified: [],
          },
        ],
        repository: { id: 1, name: "widgets", full_name: "example/widgets", private: true, default_branch: "main" },
        pusher: { id: 1, login: "ada", email: "ada@example.test" },
        sender: { id: 1, login: "ada" },
      },
    },
    {
      type: "issues",
      headers: { "x-forgejo-event": "issues" },
      body: {
        action: "opened",
        number: 1,
        issue: {
          id: 1,
          number: 1,
          title: "A widget is broken",
          body: "It does not turn.",
          state: "open",
          created_at: "2025-10-09T08:53:20Z",
          updated_at: "2025-10-09T08:53:20Z",
        },
        repository: { id: 1, name: "widgets", full_name: "example/widgets", private: true },
        sender: { id: 1, login: "ada" },
      },
    },
  ],
} as const satisfies Provider;
