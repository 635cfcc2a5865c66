// PandaDoc: the signature is a query parameter that PandaDoc adds to the URL. The body is a list of events.
import type { Provider } from "../provider.ts";

export default {
  id: "pandadoc",
  name: "PandaDoc",
  docsUrl: "https://developers.pandadoc.com/docs/webhook-verification",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: [], query: "signature" }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["json:0.event"],
  eventTime: [{ from: "json:0.data.date_modified", unit: "rfc3339" }],
  eventKey: ["json:0.data.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in the Developer Dashboard of PandaDoc and enter the URL of this source.",
    "Copy the shared key of the webhook and save it here as it is.",
  ],
  secretHint: "Developer Dashboard → Configuration → your webhook → Shared key.",
  samples: [
    {
      type: "document_state_changed",
      body: [
        {
          event: "document_state_changed",
          data: {
            id: "EXAMPLEdocument0001",
            name: "Example proposal",
            status: "document.completed",
            date_created: "2026-10-08T08:53:20.000000Z",
            date_modified: "2026-10-09T08:53:20.000000Z",
            recipients: [{ email: "ada@example.test", first_name: "Ada", has_completed: true }],
          },
        },
      ],
    },
  ],
} as const satisfies Provider;
