// Klaviyo system webhooks. The webhook action of a flow is not signed.
import type { Provider } from "../provider.ts";

export default {
  id: "klaviyo",
  name: "Klaviyo",
  docsUrl: "https://developers.klaviyo.com/en/docs/working_with_system_webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["klaviyo-signature"] },
    enc: "hex",
    content: "{body}{ts}",
    ts: { from: "header:klaviyo-timestamp", unit: "http-date", future: false },
  },
  eventId: ["json:data.0.external_id"],
  eventType: ["json:data.0.topic"],
  eventTime: [{ from: "json:data.0.payload.data.attributes.datetime", unit: "rfc3339" }],
  bodyAuthenticated: true,
  batch: {
    items: "json:data",
    id: ["json:external_id"],
    type: ["json:topic"],
    time: [{ from: "json:payload.data.attributes.datetime", unit: "rfc3339" }],
  },
  setup: [
    "Make a random text of at least 16 characters and save it here as the secret.",
    "Create the webhook through Klaviyo's Webhooks API, or in its settings, with the URL of this source as endpoint_url and the secret as secret_key.",
    "Only system webhooks are signed: for the webhook action of a flow, use the provider token with a header of your own.",
  ],
  secretHint: "The secret_key that was given when the webhook was created; Klaviyo does not show it again.",
  samples: [
    {
      type: "event:klaviyo.email_delivered",
      headers: { "klaviyo-webhook-id": "00000000000000000000000000000001" },
      body: {
        data: [
          {
            external_id: "exampleEvent0001",
            topic: "event:klaviyo.email_delivered",
            payload: {
              data: {
                type: "event",
                id: "exampleEvent0001",
                attributes: {
                  timestamp: 1760000000,
                  datetime: "2025-10-09T08:53:20+00:00",
                  event_properties: { Subject: "An example", "Campaign Name": "Example campaign" },
                },
              },
            },
          },
        ],
        meta: { klaviyo_account_id: "EXAMPL", klaviyo_webhook_id: "00000000000000000000000000000001" },
      },
    },
  ],
} as const satisfies Provider;
