// Auth0 log streams: a shared token in the header authorization.
import type { Provider } from "../provider.ts";

export default {
  id: "auth0",
  name: "Auth0 log streams",
  docsUrl: "https://auth0.com/docs/customize/log-streams/custom-log-streams",
  scheme: { kind: "token", header: "authorization", prefix: "Bearer " },
  eventId: ["json:0.log_id"],
  eventType: ["json:0.data.type"],
  eventTime: [{ from: "json:0.data.date", unit: "rfc3339" }],
  eventKey: ["json:0.data.user_id"],
  secretHint: "Monitoring → Streams → your stream → Settings → Authorization Token; enter Bearer, a space and the secret of this source.",
  bodyAuthenticated: false,
  batch: {
    items: "json:",
    id: ["json:log_id"],
    type: ["json:data.type"],
    time: [{ from: "json:data.date", unit: "rfc3339" }],
    key: ["json:data.user_id"],
  },
  setup: [
    "Create a custom webhook log stream in Auth0 with the URL of this source.",
    "Enter Bearer and the secret of this source as the authorization token.",
  ],
  samples: [
    {
      type: "s",
      body: [
        {
          log_id: "90020251009085320000000000000000000001",
          data: {
            date: "2025-10-09T08:53:20.000Z",
            type: "s",
            connection: "Username-Password-Authentication",
            client_id: "example-client-id",
            client_name: "Example app",
            ip: "192.0.2.10",
            user_id: "auth0|example0001",
            user_name: "ada@example.test",
            log_id: "90020251009085320000000000000000000001",
          },
        },
      ],
    },
  ],
} as const satisfies Provider;
