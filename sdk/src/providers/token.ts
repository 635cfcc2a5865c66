// Any sender that repeats a shared token: `Authorization: Bearer <token>`, `params.header`, or `params.query`.
import type { Provider } from "../provider.ts";

export default {
  id: "token",
  name: "Shared token",
  docsUrl: "https://www.rfc-editor.org/rfc/rfc6750",
  scheme: { kind: "token", header: "authorization", prefix: "Bearer ", fromParams: true },
  eventId: [],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: false,
  cloudEvents: true,
  setup: [
    "Make a long random token and save it here.",
    "Let the sender send it as Authorization: Bearer <token>, or name its header or query parameter here.",
  ],
} as const satisfies Provider;
