// Linear. The time that counts is the one inside the signed body, not the one in a header.
import type { Provider } from "../provider.ts";

export default {
  id: "linear",
  name: "Linear",
  docsUrl: "https://linear.app/developers/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["linear-signature"] },
    enc: "hex",
    content: "{body}",
    ts: { from: "json:webhookTimestamp", unit: "ms", toleranceSeconds: 60, future: true },
  },
  eventId: ["header:linear-delivery"],
  eventType: ["header:linear-event", "json:type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Linear and enter the URL of this source.",
    "Copy the signing secret that Linear shows and save it here as it is.",
  ],
  ipRanges: ["35.231.147.226", "35.243.134.228", "34.140.253.14", "34.38.87.206", "34.134.222.122", "35.222.25.142"],
} as const satisfies Provider;
