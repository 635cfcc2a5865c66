// Any sender that logs in with HTTP Basic; the secret is `user:password`.
import type { Provider } from "../provider.ts";

export default {
  id: "basic",
  name: "Basic authentication",
  docsUrl: "https://www.rfc-editor.org/rfc/rfc7617",
  scheme: { kind: "basic" },
  eventId: [],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: false,
  cloudEvents: true,
  setup: [
    "Choose a user and a long random password and save them here as user:password.",
    "Enter both at the sender, or put them into the URL as https://user:password@host/….",
  ],
} as const satisfies Provider;
