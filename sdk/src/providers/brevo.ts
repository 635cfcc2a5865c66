// Brevo: a shared token in the header authorization.
import type { Provider } from "../provider.ts";

export default {
  id: "brevo",
  name: "Brevo",
  docsUrl: "https://developers.brevo.com/docs",
  scheme: { kind: "token", header: "authorization", prefix: "Bearer " },
  eventId: [],
  eventType: ["json:event"],
  bodyAuthenticated: false,
  experimental: true,
  setup: [
    "Create a webhook in Brevo with the URL of this source.",
    "Choose bearer authentication with the secret of this source as its token.",
  ],
  ipRanges: ["1.179.112.0/20", "172.246.240.0/20"],
} as const satisfies Provider;
