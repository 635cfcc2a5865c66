// Google Drive: a shared token in the header x-goog-channel-token.
import type { Provider } from "../provider.ts";

export default {
  id: "google-drive",
  name: "Google Drive",
  docsUrl: "https://developers.google.com/workspace/drive/api/guides/push",
  scheme: { kind: "token", header: "x-goog-channel-token" },
  eventId: ["text:{header:x-goog-channel-id}.{header:x-goog-message-number}"],
  eventType: ["header:x-goog-resource-state"],
  eventKey: ["header:x-goog-resource-id"],
  secretHint: "The token is your own: the field token of the watch request that opened the channel.",
  bodyAuthenticated: false,
  setup: [
    "Open a channel through the watch method of the API with the URL of this source as its address.",
    "Give the secret of this source as the token of the channel.",
    "The request carries no change: fetch the resource through the API.",
  ],
  samples: [
    {
      type: "update",
      headers: {
        "x-goog-channel-id": "00000000-0000-4000-8000-000000000001",
        "x-goog-channel-expiration": "Fri, 10 Oct 2025 08:53:20 GMT",
        "x-goog-message-number": "10",
        "x-goog-resource-id": "exampleResource0001",
        "x-goog-resource-state": "update",
        "x-goog-resource-uri": "https://www.googleapis.com/drive/v3/files/exampleFile0001?alt=json",
      },
      body: "",
    },
  ],
} as const satisfies Provider;
