// GitLab (signing token): Standard Webhooks headers.
import type { Provider } from "../provider.ts";

export default {
  id: "gitlab-signed",
  name: "GitLab (signing token)",
  docsUrl: "https://docs.gitlab.com",
  scheme: { kind: "standard-webhooks", key: "whsec", headerPrefixes: ["webhook"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id"],
  eventType: ["header:x-gitlab-event", "json:object_kind"],
  bodyAuthenticated: true,
  setup: [
    "Open Settings, Webhooks in the GitLab project or group and add the URL of this source.",
    "Set a signing token and save it here.",
  ],
} as const satisfies Provider;
