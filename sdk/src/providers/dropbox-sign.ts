// Dropbox Sign (HelloSign). Time and type of an event are authenticated, the rest of the body is not.
import type { Provider } from "../provider.ts";

export default {
  id: "dropbox-sign",
  name: "Dropbox Sign",
  docsUrl: "https://developers.hellosign.com/docs/events/walkthrough/",
  scheme: { kind: "body-signature", layout: "dropbox-sign" },
  // The event_hash is of time and type only, so two events of one second can have the same.
  eventId: [],
  eventType: ["form:json:event.event_type"],
  eventTime: [{ from: "form:json:event.event_time", unit: "s" }],
  eventKey: ["form:json:signature_request.signature_request_id"],
  bodyAuthenticated: false,
  handshakes: [
    {
      name: "test of the callback URL",
      methods: ["POST"],
      when: [{ at: "form:json:event.event_type", equals: "callback_test" }],
      text: "Hello API Event Received",
    },
  ],
  setup: [
    "Open the API settings of the account or of the app in Dropbox Sign and enter the URL of this source as the event callback.",
    "Save the API key of the account here as the secret: it is the key of event_hash.",
  ],
  secretHint: "Settings → API → API key.",
  answer: { status: 200, contentType: "text/plain", body: "Hello API Event Received" },
  experimental: true,
  samples: [
    {
      type: "signature_request_sent",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "json=%7B%22event%22%3A%7B%22event_time%22%3A%221760000000%22%2C%22event_type%22%3A%22signature_request_sent%22%2C%22event_metadata%22%3A%7B%22reported_for_account_id%22%3A%22exampleaccount0001%22%7D%7D%2C%22signature_request%22%3A%7B%22signature_request_id%22%3A%22examplerequest0001%22%2C%22title%22%3A%22Example%20agreement%22%2C%22is_complete%22%3Afalse%7D%7D",
    },
  ],
} as const satisfies Provider;
