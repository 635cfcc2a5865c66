// Onfido webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "onfido",
  name: "Onfido",
  docsUrl: "https://documentation.onfido.com",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-sha2-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["json:payload.action"],
  bodyAuthenticated: true,
  setup: ["Create a webhook in Onfido and enter the URL of this source.", "Copy the token that Onfido shows and save it here as it is."],
} as const satisfies Provider;
