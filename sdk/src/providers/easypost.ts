// EasyPost webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "easypost",
  name: "EasyPost",
  docsUrl: "https://docs.easypost.com/docs/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "nfkd",
    sig: { header: ["x-hmac-signature"], prefix: "hmac-sha256-hex=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:id"],
  eventType: ["json:description"],
  eventTime: [{ from: "json:created_at", unit: "rfc3339" }],
  eventKey: ["json:result.id"],
  secretHint: "The webhook_secret of the call that creates the webhook: a text of your own.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in EasyPost and enter the URL of this source.",
    "Enter the secret of this source as the secret of the webhook, then choose the events and save.",
  ],
  samples: [
    {
      type: "tracker.updated",
      body: {
        id: "evt_example0001",
        object: "Event",
        mode: "test",
        description: "tracker.updated",
        created_at: "2025-10-09T08:53:20Z",
        updated_at: "2025-10-09T08:53:20Z",
        previous_attributes: { status: "pre_transit" },
        pending_urls: [],
        completed_urls: [],
        result: {
          id: "trk_example0001",
          object: "Tracker",
          mode: "test",
          tracking_code: "EZ2000000002",
          status: "in_transit",
          carrier: "USPS",
        },
      },
    },
  ],
} as const satisfies Provider;
