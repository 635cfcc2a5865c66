// Onfido webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "onfido",
  name: "Onfido",
  docsUrl: "https://developers.onfido.com/guide/manual-webhook-signature-verification",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-sha2-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["json:payload.action"],
  eventTime: [{ from: "json:payload.object.completed_at_iso8601", unit: "rfc3339" }],
  eventKey: ["json:payload.object.id"],
  bodyAuthenticated: true,
  setup: ["Create a webhook in Onfido and enter the URL of this source.", "Copy the token that Onfido shows and save it here as it is."],
  secretHint: "The token of the webhook, which Onfido returns when the webhook is registered.",
  samples: [
    {
      type: "check.completed",
      body: {
        payload: {
          resource_type: "check",
          action: "check.completed",
          object: {
            id: "00000000-0000-4000-8000-00000000000f",
            status: "complete",
            completed_at_iso8601: "2026-10-09T08:53:20Z",
            href: "https://api.example.test/v3.6/checks/1",
          },
        },
      },
    },
  ],
} as const satisfies Provider;
