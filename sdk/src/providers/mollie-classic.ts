// Mollie's classic webhooks: an unsigned form with an id, to be fetched through the API.
import type { Provider } from "../provider.ts";

export default {
  id: "mollie-classic",
  name: "Mollie (classic)",
  docsUrl: "https://docs.mollie.com",
  scheme: { kind: "none" },
  eventId: [],
  eventType: [],
  bodyAuthenticated: false,
  setup: [
    "Give the URL of this source as the webhookUrl of a payment, and treat it like a password.",
    "Nothing is signed: fetch the object by its id through the Mollie API before you act.",
  ],
} as const satisfies Provider;
