// GitLab: a shared token in the header x-gitlab-token.
import type { Provider } from "../provider.ts";

export default {
  id: "gitlab",
  name: "GitLab",
  docsUrl: "https://docs.gitlab.com/user/project/integrations/webhooks/",
  scheme: { kind: "token", header: "x-gitlab-token" },
  eventId: ["header:x-gitlab-event-uuid"],
  eventType: ["header:x-gitlab-event", "json:object_kind"],
  bodyAuthenticated: false,
  setup: [
    "Open Settings, Webhooks in the GitLab project or group and add the URL of this source.",
    "Enter the secret of this source as the secret token and choose the triggers.",
  ],
  answerWithinSeconds: 10,
  ipRanges: ["34.74.90.64/28", "34.74.226.0/24"],
} as const satisfies Provider;
