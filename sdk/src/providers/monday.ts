// monday.com: the token in the authorization header is signed with the app's signing secret; the body is not covered.
import type { Provider } from "../provider.ts";

export default {
  id: "monday",
  name: "monday.com",
  docsUrl: "https://developer.monday.com/apps/docs/authorization-header",
  scheme: {
    kind: "jwt",
    header: "authorization",
    algs: ["HS256"],
    leewaySeconds: 60,
    expires: true,
    claims: [{ claim: "aud", param: "audience", optional: true }],
  },
  eventId: ["json:event.triggerUuid"],
  eventType: ["json:event.type"],
  eventTime: [{ from: "json:event.triggerTime", unit: "rfc3339" }],
  eventKey: ["json:event.pulseId"],
  bodyAuthenticated: false,
  handshakes: [
    {
      name: "challenge",
      methods: ["POST"],
      when: [{ at: "json:event", is: "absent" }],
      json: { challenge: "{json:challenge}" },
    },
  ],
  setup: [
    "Create a webhook for a board with the URL of this source, through an app or its API token.",
    "Save the URL of this source, exactly as entered there, as the parameter audience: then tokens for other addresses are refused.",
    "Save the signing secret of the app here. Webhooks made without an app are not signed: use the provider none for them.",
  ],
  secretHint: "Developer Center → your app → Basic Information → Signing Secret.",
  experimental: true,
  samples: [
    {
      type: "create_pulse",
      body: {
        event: {
          app: "monday",
          type: "create_pulse",
          triggerTime: "2025-10-09T08:53:20.000Z",
          triggerUuid: "00000000000000000000000000000001",
          subscriptionId: 1001,
          userId: 2001,
          boardId: 3001,
          pulseId: 4001,
          pulseName: "A widget is broken",
          groupId: "topics",
        },
      },
    },
    {
      type: "update_column_value",
      body: {
        event: {
          app: "monday",
          type: "update_column_value",
          triggerTime: "2025-10-09T08:53:20.000Z",
          triggerUuid: "00000000000000000000000000000002",
          subscriptionId: 1001,
          userId: 2001,
          boardId: 3001,
          pulseId: 4001,
          columnId: "status",
          columnTitle: "Status",
          value: { label: { index: 1, text: "Done" } },
          previousValue: { label: { index: 0, text: "Working on it" } },
        },
      },
    },
  ],
} as const satisfies Provider;
