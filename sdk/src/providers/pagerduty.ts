// PagerDuty webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "pagerduty",
  name: "PagerDuty",
  docsUrl: "https://developer.pagerduty.com/docs/webhooks/v3-overview/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-pagerduty-signature"], parse: "list", sep: ",", prefix: "v1=" },
    enc: "hex",
    content: "{body}",
  },
  eventId: ["json:event.id"],
  eventType: ["json:event.event_type"],
  bodyAuthenticated: true,
  setup: [
    "Create a v3 webhook subscription in PagerDuty and enter the URL of this source.",
    "Copy the signing secret that PagerDuty shows and save it here as it is.",
  ],
} as const satisfies Provider;
