// Jotform: a shared token in the query of the URL.
import type { Provider } from "../provider.ts";

export default {
  id: "jotform",
  name: "Jotform",
  docsUrl: "https://www.jotform.com/help/245-how-to-setup-a-webhook-with-jotform/",
  scheme: { kind: "token", query: "token", fromParams: true },
  eventId: [],
  eventType: [],
  secretHint: "The token is your own: Jotform has no signing secret; put it into the webhook URL under Settings → Integrations → Webhooks.",
  bodyAuthenticated: false,
  experimental: true,
  setup: [
    "Enter the URL of this source in Jotform, with ?token= and the secret of this source at its end.",
    "Where the sender can send a header instead, name that header as the parameter header here.",
  ],
  samples: [
    {
      type: "form.submitted",
      headers: { "content-type": "multipart/form-data; boundary=example-boundary" },
      body: [
        "--example-boundary",
        'Content-Disposition: form-data; name="formID"',
        "",
        "250000000000001",
        "--example-boundary",
        'Content-Disposition: form-data; name="submissionID"',
        "",
        "6000000000000000001",
        "--example-boundary",
        'Content-Disposition: form-data; name="formTitle"',
        "",
        "Contact",
        "--example-boundary",
        'Content-Disposition: form-data; name="rawRequest"',
        "",
        '{"q3_name":{"first":"Ada","last":"Example"},"q4_email":"ada@example.test"}',
        "--example-boundary--",
        "",
      ].join("\r\n"),
    },
  ],
} as const satisfies Provider;
