// DocuSign Connect: one numbered header for each key of the account; any match counts.
import type { Provider } from "../provider.ts";

export default {
  id: "docusign",
  name: "DocuSign Connect",
  docsUrl: "https://developers.docusign.com/platform/webhooks/connect/validate/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: {
      header: [
        "x-docusign-signature-1",
        "x-docusign-signature-2",
        "x-docusign-signature-3",
        "x-docusign-signature-4",
        "x-docusign-signature-5",
        "x-docusign-signature-6",
        "x-docusign-signature-7",
        "x-docusign-signature-8",
      ],
      every: true,
    },
    enc: "base64",
    content: "{body}",
  },
  eventId: [],
  eventType: ["json:event"],
  eventTime: [{ from: "json:generatedDateTime", unit: "rfc3339" }],
  eventKey: ["json:data.envelopeId"],
  secretHint: "Settings → Connect → Connect Keys → Add Secret Key; the key is shown once.",
  bodyAuthenticated: true,
  setup: [
    "Add a Connect configuration with the URL of this source, JSON as its format, and HMAC signatures on.",
    "Save one of the Connect keys here as the text it is; it is not to be decoded.",
  ],
  samples: [
    {
      type: "envelope-completed",
      body: {
        event: "envelope-completed",
        apiVersion: "v2.1",
        uri: "/restapi/v2.1/accounts/00000000-0000-4000-8000-000000000001/envelopes/00000000-0000-4000-8000-000000000002",
        retryCount: 0,
        configurationId: 100001,
        generatedDateTime: "2025-10-09T08:53:20.0000000Z",
        data: {
          accountId: "00000000-0000-4000-8000-000000000001",
          userId: "00000000-0000-4000-8000-000000000003",
          envelopeId: "00000000-0000-4000-8000-000000000002",
          envelopeSummary: { status: "completed", emailSubject: "Please sign the example contract" },
        },
      },
    },
  ],
} as const satisfies Provider;
