// Wise webhooks: RSA over the body, with one key for live and another for the sandbox.
import type { Provider } from "../provider.ts";

export default {
  id: "wise",
  name: "Wise",
  docsUrl: "https://docs.wise.com/features/webhooks-notifications/event-handling",
  scheme: { kind: "asymmetric", alg: "rsa-sha256", header: "x-signature-sha256", enc: "base64", content: "{body}" },
  eventId: [],
  eventType: ["json:event_type"],
  eventTime: [
    { from: "json:data.occurred_at", unit: "rfc3339" },
    { from: "json:sent_at", unit: "rfc3339" },
  ],
  eventKey: ["json:data.resource.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook subscription in the settings of Wise, or through its API, with the URL of this source.",
    "Copy the public key for live or for the sandbox from Wise's page on event handling and save it here as the public key.",
  ],
  secretHint: "The public key of the environment, on the page Event handling of Wise's documentation.",
  answerWithinSeconds: 5,
  retry: "Up to 25 times over two weeks, at increasing intervals.",
  samples: [
    {
      type: "transfers#state-change",
      body: {
        data: {
          resource: { type: "transfer", id: 1001, profile_id: 2001, account_id: 3001 },
          current_state: "outgoing_payment_sent",
          previous_state: "funds_converted",
          occurred_at: "2026-10-09T08:53:20Z",
        },
        subscription_id: "00000000-0000-4000-8000-00000000002e",
        event_type: "transfers#state-change",
        schema_version: "2.0.0",
        sent_at: "2026-10-09T08:53:21Z",
      },
    },
  ],
} as const satisfies Provider;
