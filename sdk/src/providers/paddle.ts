// Paddle Billing. Five seconds is the tolerance of Paddle's own library; raise it where requests wait in a queue.
import type { Provider } from "../provider.ts";

export default {
  id: "paddle",
  name: "Paddle Billing",
  docsUrl: "https://developer.paddle.com/webhooks/about/signature-verification",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["paddle-signature"], parse: "kv", sep: ";", sigKey: "h1", tsKey: "ts" },
    enc: "hex",
    content: "{ts}:{body}",
    ts: { from: "sig", unit: "s", toleranceSeconds: 5, future: false },
  },
  eventId: ["json:event_id"],
  eventType: ["json:event_type"],
  eventTime: [{ from: "json:occurred_at", unit: "rfc3339" }],
  eventKey: ["json:data.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a notification destination in Paddle and enter the URL of this source.",
    "Copy the endpoint secret key that Paddle shows and save it here as it is.",
  ],
  secretHint: "Developer tools → Notifications → your destination → Secret key (pdl_ntfset_…).",
  samples: [
    {
      type: "subscription.created",
      body: {
        event_id: "evt_example0001",
        event_type: "subscription.created",
        occurred_at: "2026-10-09T08:53:20.000000Z",
        notification_id: "ntf_example0001",
        data: {
          id: "sub_example0001",
          status: "active",
          customer_id: "ctm_example0001",
          currency_code: "EUR",
          billing_cycle: { interval: "month", frequency: 1 },
          items: [{ status: "active", quantity: 1, price: { id: "pri_example0001" } }],
        },
      },
    },
    {
      type: "transaction.completed",
      body: {
        event_id: "evt_example0002",
        event_type: "transaction.completed",
        occurred_at: "2026-10-09T08:54:20.000000Z",
        notification_id: "ntf_example0002",
        data: {
          id: "txn_example0001",
          status: "completed",
          customer_id: "ctm_example0001",
          currency_code: "EUR",
          details: { totals: { total: "1200" } },
        },
      },
    },
  ],
} as const satisfies Provider;
