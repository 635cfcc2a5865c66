// Typeform webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "typeform",
  name: "Typeform",
  docsUrl: "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["typeform-signature"], prefix: "sha256=" },
    enc: "base64",
    content: "{body}",
  },
  eventId: ["json:event_id"],
  eventType: ["json:event_type"],
  eventTime: [{ from: "json:form_response.submitted_at", unit: "rfc3339" }],
  eventKey: ["json:form_response.form_id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Typeform and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  secretHint: "Connect → Webhooks → your webhook → Edit → Secret: the text that you entered there.",
  samples: [
    {
      type: "form_response",
      body: {
        event_id: "EXAMPLEevent0001",
        event_type: "form_response",
        form_response: {
          form_id: "EXf001",
          token: "exampletoken0001",
          landed_at: "2026-10-09T08:52:00Z",
          submitted_at: "2026-10-09T08:53:20Z",
          answers: [{ type: "email", email: "ada@example.test", field: { id: "EXq001", type: "email", ref: "email" } }],
        },
      },
    },
  ],
} as const satisfies Provider;
