// Sentry webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "sentry",
  name: "Sentry",
  docsUrl: "https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["sentry-hook-signature"] }, enc: "hex", content: "{body}" },
  eventId: ["header:request-id"],
  eventType: ["header:sentry-hook-resource"],
  bodyAuthenticated: true,
  setup: [
    "Create an internal integration in Sentry with the URL of this source as its webhook URL.",
    "Save the client secret of the integration here.",
  ],
  answerWithinSeconds: 1,
} as const satisfies Provider;
