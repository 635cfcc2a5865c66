// DocuSign Connect: one numbered header for each key of the account; any match counts.
import type { Provider } from "../provider.ts";

export default {
  id: "docusign",
  name: "DocuSign Connect",
  docsUrl: "https://developers.docusign.com/platform/webhooks/connect/",
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
  bodyAuthenticated: true,
  setup: [
    "Add a Connect configuration with the URL of this source, JSON as its format, and HMAC signatures on.",
    "Save one of the Connect keys here as the text it is; it is not to be decoded.",
  ],
} as const satisfies Provider;
