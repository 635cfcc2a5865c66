// Polar: Standard Webhooks headers, keyed with the whole secret as text.
import type { Provider } from "../provider.ts";

export default {
  id: "polar",
  name: "Polar",
  docsUrl: "https://docs.polar.sh",
  scheme: { kind: "standard-webhooks", key: "utf8", headerPrefixes: ["webhook"], toleranceSeconds: 300 },
  eventId: ["header:webhook-id"],
  eventType: ["json:type"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook endpoint in Polar and enter the URL of this source.",
    "Copy the signing secret that Polar shows and save it here as it is.",
  ],
} as const satisfies Provider;
