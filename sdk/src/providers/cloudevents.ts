// CloudEvents over HTTP webhooks: a shared token in the header or in the query, and a validation request before the first event.
import type { Provider } from "../provider.ts";

export default {
  id: "cloudevents",
  name: "CloudEvents",
  docsUrl: "https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md",
  scheme: { kind: "token", header: "authorization", prefix: "Bearer ", query: "access_token", either: true },
  eventId: [],
  eventType: [],
  bodyAuthenticated: false,
  handshakes: [
    {
      name: "validation request",
      methods: ["OPTIONS"],
      when: [{ at: "header:webhook-request-origin", is: "present" }],
      demands: [
        { at: "header:webhook-request-origin", matches: "[A-Za-z0-9.*:/_-]{1,253}" },
        { at: "header:webhook-request-rate", matches: "[1-9]\\d{0,8}|\\*" },
      ],
      headers: {
        "webhook-allowed-origin": "{header:webhook-request-origin}",
        "webhook-allowed-rate": "{header:webhook-request-rate}",
        allow: "POST",
      },
    },
  ],
  cloudEvents: true,
  setup: [
    "Make a long random token and save it here.",
    "Enter the URL of this source at the sender, with Authorization: Bearer and the token as a header.",
    "Where the sender can send no header, add ?access_token= and the token to the URL instead.",
  ],
} as const satisfies Provider;
