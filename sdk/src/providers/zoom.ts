// Zoom webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "zoom",
  name: "Zoom",
  docsUrl: "https://developers.zoom.us/docs/api/webhooks/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-zm-signature"], prefix: "v0=" },
    enc: "hex",
    content: "v0:{ts}:{body}",
    ts: { from: "header:x-zm-request-timestamp", unit: "s", future: false },
  },
  eventId: [],
  eventType: ["json:event"],
  bodyAuthenticated: true,
  setup: ["Add an event subscription to the Zoom app with the URL of this source.", "Copy the secret token of the app and save it here."],
  answerWithinSeconds: 3,
  retry: "After 5, 20 and 60 minutes.",
} as const satisfies Provider;
