// Cal.com webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "calcom",
  name: "Cal.com",
  docsUrl: "https://cal.com/docs",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-cal-signature-256"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["json:triggerEvent"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Cal.com and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
} as const satisfies Provider;
