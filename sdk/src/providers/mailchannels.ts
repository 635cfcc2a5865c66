// MailChannels delivery events: an HTTP message signature (RFC 9421) over the digest of a list of events.
import type { Provider } from "../provider.ts";

export default {
  id: "mailchannels",
  name: "MailChannels",
  docsUrl: "https://docs.mailchannels.net/email-api/advanced/delivery-events",
  scheme: { kind: "http-signature", toleranceSeconds: 300 },
  eventId: [],
  eventType: ["json:0.event"],
  eventTime: [{ from: "json:0.timestamp", unit: "s" }],
  eventKey: ["json:0.request_id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook on the Webhooks page of the MailChannels Console, or through the API, with the URL of this source.",
    "Take the keyid from the header Signature-Input of a request and fetch that key from /tx/v1/webhook/public-key?id= of the MailChannels API.",
    "Save the key here as the public key.",
  ],
  secretHint: "The key that GET https://api.mailchannels.net/tx/v1/webhook/public-key?id=<keyid> returns.",
  experimental: true,
  samples: [
    {
      type: "delivered",
      body: [
        {
          email: "shop@example.test",
          customer_handle: "example1",
          timestamp: 1760000000,
          event: "delivered",
          request_id: "EXAMPLErequest0001=",
        },
        {
          email: "shop@example.test",
          customer_handle: "example1",
          timestamp: 1760000001,
          event: "open",
          request_id: "EXAMPLErequest0001=",
        },
      ],
    },
  ],
} as const satisfies Provider;
