// Asana webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "asana",
  name: "Asana",
  docsUrl: "https://developers.asana.com/docs/webhooks-guide",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-hook-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["text:{json:events.0.resource.resource_type}.{json:events.0.action}"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook through the Asana API with the URL of this source as its target.",
    "Save the X-Hook-Secret that Asana sent in the first request here.",
  ],
  answerWithinSeconds: 10,
  retry: "For up to 24 hours.",
} as const satisfies Provider;
