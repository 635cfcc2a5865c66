// Mollie, next-generation webhooks. For 24 hours after a rotation the header is sent twice, once for each secret.
import type { Provider } from "../provider.ts";

export default {
  id: "mollie",
  name: "Mollie",
  docsUrl: "https://docs.mollie.com/reference/webhooks-best-practices",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-mollie-signature"], prefix: "sha256=", parse: "list", sep: ",", repeats: true },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:createdAt", unit: "rfc3339" }],
  eventKey: ["json:entityId"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Mollie and enter the URL of this source.",
    "Copy the signing secret that Mollie shows and save it here as it is.",
  ],
  secretHint: "The signing secret that Mollie shows when the webhook is created, in the dashboard or in the answer of the Webhooks API.",
  samples: [
    {
      type: "payment-link.paid",
      body: {
        resource: "event",
        id: "event_EXAMPLE0001",
        type: "payment-link.paid",
        entityId: "pl_EXAMPLE0001",
        createdAt: "2026-10-09T08:53:20.0Z",
      },
    },
  ],
} as const satisfies Provider;
