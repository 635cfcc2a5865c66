// Recharge: plain SHA-256 over the secret and the body, no HMAC.
import type { Provider } from "../provider.ts";

export default {
  id: "recharge",
  name: "Recharge",
  docsUrl: "https://docs.rechargepayments.com",
  scheme: { kind: "hmac", alg: "sha256-prefix", key: "utf8", sig: { header: ["x-recharge-hmac-sha256"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: [],
  bodyAuthenticated: true,
  setup: ["Create a webhook through the Recharge API with the URL of this source.", "Save the client secret of the API token here."],
} as const satisfies Provider;
