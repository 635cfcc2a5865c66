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
} as const satisfies Provider;
