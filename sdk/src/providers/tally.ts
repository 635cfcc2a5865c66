// Tally webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "tally",
  name: "Tally",
  docsUrl: "https://tally.so/help/webhooks",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["tally-signature"] }, enc: "base64", content: "{body}" },
  eventId: ["json:eventId"],
  eventType: ["json:eventType"],
  eventTime: [{ from: "json:createdAt", unit: "rfc3339" }],
  eventKey: ["json:data.responseId"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Tally and enter the URL of this source.",
    "Copy the signing secret that Tally shows and save it here as it is.",
  ],
  secretHint: "Integrations → Webhooks of the form: the signing secret that you entered with the webhook.",
  samples: [
    {
      type: "FORM_RESPONSE",
      body: {
        eventId: "00000000-0000-4000-8000-000000000020",
        eventType: "FORM_RESPONSE",
        createdAt: "2026-10-09T08:53:20.000Z",
        data: {
          responseId: "EXr001",
          submissionId: "EXr001",
          respondentId: "EXp001",
          formId: "EXf001",
          formName: "Contact",
          createdAt: "2026-10-09T08:53:20.000Z",
          fields: [{ key: "question_EX0001", label: "Email", type: "INPUT_EMAIL", value: "ada@example.test" }],
        },
      },
    },
  ],
} as const satisfies Provider;
