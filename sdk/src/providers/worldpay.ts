// Worldpay (Access) events: signatures of several keys in one header, each behind the number of its key.
import type { Provider } from "../provider.ts";

export default {
  id: "worldpay",
  name: "Worldpay",
  docsUrl: "https://docs.worldpay.com/access/products/events/signature",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["event-signature"], parse: "list", sep: ",", labelEnd: "/SHA256/" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:eventId"],
  eventType: ["json:eventDetails.type"],
  eventKey: ["json:eventDetails.transactionReference"],
  bodyAuthenticated: true,
  setup: [
    "Give the URL of this source to your Worldpay Implementation Manager and ask for the Event-Signature header.",
    "Save the shared secret that you receive here; during a renewal, save the new one beside it.",
  ],
  secretHint: "The shared secret from your Worldpay Implementation Manager.",
  answer: { status: 200 },
  answerWithinSeconds: 10,
  retry: "At intervals of 15 minutes up to 2 hours, for one week.",
  samples: [
    {
      type: "sentForSettlement",
      body: {
        eventId: "00000000-0000-4000-8000-000000000030",
        eventTimestamp: "2026-10-09T08:53:20.000",
        eventDetails: {
          classification: "payment",
          transactionReference: "order-1001",
          type: "sentForSettlement",
          date: "2026-10-09",
          amount: { value: 1200, currencyCode: "EUR" },
          _links: { payment: { href: "https://access.example.test/payments/events/1" } },
        },
      },
    },
  ],
} as const satisfies Provider;
