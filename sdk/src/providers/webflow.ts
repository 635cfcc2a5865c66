// Webflow webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "webflow",
  name: "Webflow",
  docsUrl: "https://developers.webflow.com/data/docs/working-with-webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-webflow-signature"] },
    enc: "hex",
    content: "{ts}:{body}",
    ts: { from: "header:x-webflow-timestamp", unit: "ms", future: false },
  },
  eventId: [],
  eventType: ["json:triggerType"],
  eventTime: [{ from: "json:payload.submittedAt", unit: "rfc3339" }],
  eventKey: ["json:payload.id"],
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Create a webhook in Webflow and enter the URL of this source.",
    "Copy the signing secret that Webflow shows and save it here as it is.",
  ],
  secretHint:
    "The client secret of the app, for webhooks made through OAuth; for others the secretKey that Webflow returns when the webhook is created.",
  samples: [
    {
      type: "form_submission",
      body: {
        triggerType: "form_submission",
        payload: {
          name: "Contact Us",
          siteId: "00000000000000000000ex05",
          data: { "First Name": "Ada", email: "ada@example.test" },
          submittedAt: "2026-10-09T08:53:20.000Z",
          id: "00000000000000000000ex06",
          formId: "00000000000000000000ex07",
        },
      },
    },
  ],
} as const satisfies Provider;
