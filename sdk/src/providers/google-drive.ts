// Google Drive: a shared token in the header x-goog-channel-token.
import type { Provider } from "../provider.ts";

export default {
  id: "google-drive",
  name: "Google Drive",
  docsUrl: "https://developers.google.com/workspace/drive/api/guides/push",
  scheme: { kind: "token", header: "x-goog-channel-token" },
  eventId: ["text:{header:x-goog-channel-id}.{header:x-goog-message-number}"],
  eventType: ["header:x-goog-resource-state"],
  bodyAuthenticated: false,
  setup: [
    "Open a channel through the watch method of the API with the URL of this source as its address.",
    "Give the secret of this source as the token of the channel.",
    "The request carries no change: fetch the resource through the API.",
  ],
} as const satisfies Provider;
