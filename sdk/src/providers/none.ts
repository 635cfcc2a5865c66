// A sender that signs nothing: every request to the secret URL is accepted.
import type { Provider } from "../provider.ts";

export default {
  id: "none",
  name: "No verification",
  docsUrl: "https://www.rfc-editor.org/rfc/rfc9110",
  scheme: { kind: "none" },
  eventId: [],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: false,
  cloudEvents: true,
  setup: ["Enter the URL of this source at the sender, and treat that URL like a password."],
} as const satisfies Provider;
