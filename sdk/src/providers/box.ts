// Box: one header for each of two keys, and no time in the future is accepted.
import type { Provider } from "../provider.ts";

export default {
  id: "box",
  name: "Box",
  docsUrl: "https://developer.box.com/guides/webhooks/v2/signatures-v2/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["box-signature-primary", "box-signature-secondary"], every: true },
    enc: "base64",
    content: "{body}{ts}",
    ts: { from: "header:box-delivery-timestamp", unit: "rfc3339", toleranceSeconds: 600, future: true, aheadSeconds: 0 },
  },
  eventId: ["header:box-delivery-id", "json:id"],
  eventType: ["json:trigger"],
  eventTime: [{ from: "json:created_at", unit: "rfc3339" }],
  eventKey: ["json:source.id"],
  secretHint: "Developer Console → your app → Webhooks → Manage signature keys → Primary key and Secondary key.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook for the Box app with the URL of this source.",
    "Generate a primary signature key under Webhooks, Manage signature keys, and save it here.",
  ],
  samples: [
    {
      type: "FILE.UPLOADED",
      body: {
        type: "webhook_event",
        id: "00000000-0000-4000-8000-000000000001",
        created_at: "2025-10-09T08:53:20-07:00",
        trigger: "FILE.UPLOADED",
        webhook: { id: "100001", type: "webhook" },
        created_by: { type: "user", id: "200001", name: "Ada Example", login: "ada@example.test" },
        source: { id: "300001", type: "file", name: "invoice.pdf", size: 1500, parent: { type: "folder", id: "400001", name: "Invoices" } },
        additional_info: [],
      },
    },
  ],
} as const satisfies Provider;
