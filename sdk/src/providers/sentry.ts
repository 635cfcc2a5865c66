// Sentry webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "sentry",
  name: "Sentry",
  docsUrl: "https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["sentry-hook-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["header:request-id"],
  eventType: ["header:sentry-hook-resource"],
  eventKey: ["json:data.issue.id", "json:data.event.issue_id", "json:data.error.issue_id"],
  bodyAuthenticated: true,
  setup: [
    "Create an internal integration in Sentry with the URL of this source as its webhook URL.",
    "Save the client secret of the integration here.",
  ],
  secretHint: "Settings → Custom Integrations (internal) → your integration → Client Secret.",
  answerWithinSeconds: 1,
  samples: [
    {
      type: "issue",
      headers: { "sentry-hook-resource": "issue" },
      body: {
        action: "created",
        installation: { uuid: "00000000-0000-4000-8000-00000000001e" },
        data: {
          issue: {
            id: "1000000001",
            shortId: "EXAMPLE-1",
            title: "TypeError: undefined is not a function",
            level: "error",
            status: "unresolved",
            project: { id: "1", slug: "example", name: "example" },
            firstSeen: "2026-10-09T08:53:20.000000Z",
          },
        },
        actor: { type: "application", id: "sentry", name: "Sentry" },
      },
    },
  ],
} as const satisfies Provider;
