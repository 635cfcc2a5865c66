// CircleCI webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "circleci",
  name: "CircleCI",
  docsUrl: "https://circleci.com/docs/webhooks/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["circleci-signature"], parse: "list", sep: ",", prefix: "v1=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:id"],
  eventType: ["header:circleci-event-type"],
  eventTime: [{ from: "json:happened_at", unit: "rfc3339" }],
  eventKey: ["json:project.slug"],
  secretHint: "Project Settings → Webhooks → your webhook → Secret token: the text you entered there yourself.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in CircleCI and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  answerWithinSeconds: 10,
  secretBytesMin: 6,
  samples: [
    {
      type: "workflow-completed",
      headers: { "circleci-event-type": "workflow-completed" },
      body: {
        id: "00000000-0000-4000-8000-000000000001",
        happened_at: "2025-10-09T08:53:20.000Z",
        webhook: { id: "00000000-0000-4000-8000-000000000002", name: "Example webhook" },
        type: "workflow-completed",
        workflow: {
          id: "00000000-0000-4000-8000-000000000003",
          name: "build",
          status: "success",
          created_at: "2025-10-09T08:53:20.000Z",
          stopped_at: "2025-10-09T08:53:20.000Z",
        },
        pipeline: {
          id: "00000000-0000-4000-8000-000000000004",
          number: 27,
          vcs: { branch: "main", revision: "2222222222222222222222222222222222222222" },
        },
        project: { id: "00000000-0000-4000-8000-000000000005", name: "widgets", slug: "github/example/widgets" },
        organization: { id: "00000000-0000-4000-8000-000000000006", name: "example" },
      },
    },
  ],
} as const satisfies Provider;
