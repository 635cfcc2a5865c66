// Mollie's classic webhooks: an unsigned form with an id, to be fetched through the API.
import type { Provider } from "../provider.ts";

export default {
  id: "mollie-classic",
  name: "Mollie (classic)",
  docsUrl: "https://docs.mollie.com/reference/webhooks",
  scheme: { kind: "none" },
  eventId: [],
  eventType: [],
  eventKey: ["form:id"],
  bodyAuthenticated: false,
  setup: [
    "Give the URL of this source as the webhookUrl of a payment, and treat it like a password.",
    "Nothing is signed: fetch the object by its id through the Mollie API before you act.",
  ],
  samples: [{ type: "payment.updated", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "id=tr_EXAMPLE0001" }],
} as const satisfies Provider;
