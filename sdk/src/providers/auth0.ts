// Auth0 log streams: a shared token in the header authorization.
import type { Provider } from "../provider.ts";

export default {
  id: "auth0",
  name: "Auth0 log streams",
  docsUrl: "https://auth0.com/docs/customize/log-streams",
  scheme: { kind: "token", header: "authorization", prefix: "Bearer " },
  eventId: ["json:0.log_id"],
  eventType: ["json:0.data.type"],
  bodyAuthenticated: false,
  setup: [
    "Create a custom webhook log stream in Auth0 with the URL of this source.",
    "Enter Bearer and the secret of this source as the authorization token.",
  ],
} as const satisfies Provider;
