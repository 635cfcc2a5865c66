// Salesforce outbound messages: SOAP without a signature.
import type { Provider } from "../provider.ts";

export default {
  id: "salesforce",
  name: "Salesforce outbound messages",
  docsUrl: "https://developer.salesforce.com/docs",
  scheme: { kind: "none" },
  eventId: [],
  eventType: [],
  bodyAuthenticated: false,
  setup: [
    "Create an outbound message in the Salesforce setup with the URL of this source as its endpoint.",
    "Nothing is signed: treat the URL like a password, and check the organisation id of each message.",
  ],
  experimental: true,
} as const satisfies Provider;
