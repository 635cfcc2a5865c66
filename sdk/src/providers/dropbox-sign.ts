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
  answer: { status: 200, contentType: "text/plain", body: "Hello API Event Received" },
  experimental: true,
} as const satisfies Provider;
