// Stripe. The key is the whole secret as text, `whsec_` included, unlike Standard Webhooks; old timestamps are
// refused, future ones are not, exactly as in Stripe's own libraries.
import type { Provider } from "../provider.ts";

export default {
  id: "stripe",
  name: "Stripe",
  docsUrl: "https://docs.stripe.com/webhooks#verify-manually",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["stripe-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", toleranceSeconds: 300, future: false },
  },
  eventId: ["json:id"],
  eventType: ["json:type"],
  // Thin events have their time as text and name their object beside them.
  eventTime: [
    { from: "json:created", unit: "s" },
    { from: "json:created", unit: "rfc3339" },
  ],
  eventKey: ["json:data.object.id", "json:related_object.id"],
  bodyAuthenticated: true,
  setup: [
    "Open Developers, Webhooks, Add destination in the Stripe dashboard.",
    "Choose the events and enter the URL of this source.",
    "Reveal the signing secret of the new destination (whsec_…) and save it here as it is.",
  ],
  secretHint: "Developers → Webhooks → your endpoint → Signing secret (whsec_…); test mode and live mode have secrets of their own.",
  ipRanges: ["https://stripe.com/files/ips/ips_webhooks.json"],
  samples: [
    {
      type: "payment_intent.succeeded",
      body: {
        id: "evt_EXAMPLE0001",
        object: "event",
        api_version: "2026-09-30.example",
        created: 1760000000,
        livemode: false,
        pending_webhooks: 1,
        type: "payment_intent.succeeded",
        data: {
          object: {
            id: "pi_EXAMPLE0001",
            object: "payment_intent",
            amount: 1200,
            currency: "eur",
            customer: "cus_EXAMPLE0001",
            status: "succeeded",
          },
        },
        request: { id: null, idempotency_key: null },
      },
    },
    {
      type: "invoice.paid",
      body: {
        id: "evt_EXAMPLE0002",
        object: "event",
        created: 1760000060,
        livemode: false,
        type: "invoice.paid",
        data: {
          object: {
            id: "in_EXAMPLE0001",
            object: "invoice",
            customer: "cus_EXAMPLE0001",
            amount_paid: 1200,
            currency: "eur",
            status: "paid",
          },
        },
      },
    },
    {
      type: "v1.billing.meter.error_report_triggered",
      body: {
        id: "evt_test_EXAMPLE0003",
        object: "v2.core.event",
        type: "v1.billing.meter.error_report_triggered",
        created: "2026-10-09T08:53:20.000Z",
        livemode: false,
        related_object: { id: "mtr_test_EXAMPLE0001", type: "billing.meter", url: "/v1/billing/meters/mtr_test_EXAMPLE0001" },
      },
    },
  ],
} as const satisfies Provider;
