// Bitbucket Cloud webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "bitbucket",
  name: "Bitbucket Cloud",
  docsUrl: "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-hub-signature"], prefix: "sha256=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["header:x-request-uuid"],
  eventType: ["header:x-event-key"],
  eventKey: ["json:repository.full_name"],
  secretHint: "Repository settings → Webhooks → your webhook → Secret: the text you entered or generated there.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Bitbucket and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  ipRanges: ["https://ip-ranges.atlassian.com"],
  samples: [
    {
      type: "repo:push",
      headers: { "x-event-key": "repo:push" },
      body: {
        push: {
          changes: [
            {
              new: { type: "branch", name: "main", target: { type: "commit", hash: "2222222222222222222222222222222222222222" } },
              old: { type: "branch", name: "main", target: { type: "commit", hash: "1111111111111111111111111111111111111111" } },
              created: false,
              forced: false,
              closed: false,
            },
          ],
        },
        repository: {
          type: "repository",
          full_name: "example/widgets",
          name: "widgets",
          uuid: "{00000000-0000-4000-8000-000000000001}",
          is_private: true,
        },
        actor: { type: "user", display_name: "Ada Example", uuid: "{00000000-0000-4000-8000-000000000002}" },
      },
    },
    {
      type: "pullrequest:created",
      headers: { "x-event-key": "pullrequest:created" },
      body: {
        pullrequest: {
          type: "pullrequest",
          id: 1,
          title: "Add widgets",
          state: "OPEN",
          source: { branch: { name: "widgets" } },
          destination: { branch: { name: "main" } },
          created_on: "2025-10-09T08:53:20.000000+00:00",
        },
        repository: { type: "repository", full_name: "example/widgets", name: "widgets", uuid: "{00000000-0000-4000-8000-000000000001}" },
        actor: { type: "user", display_name: "Ada Example", uuid: "{00000000-0000-4000-8000-000000000002}" },
      },
    },
  ],
} as const satisfies Provider;
