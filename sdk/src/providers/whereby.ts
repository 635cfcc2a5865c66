// Whereby webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "whereby",
  name: "Whereby",
  docsUrl: "https://docs.whereby.com/whereby-product-features/insights-suite-and-api/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["whereby-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", future: false },
  },
  eventId: ["json:id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:createdAt", unit: "rfc3339" }],
  eventKey: ["json:data.meetingId"],
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Create a webhook in Whereby and enter the URL of this source.",
    "Copy the signing secret that Whereby shows and save it here as it is.",
  ],
  secretHint: "Configure → Webhooks of the Whereby Embedded dashboard: the secret shown when a webhook is created or edited.",
  answerWithinSeconds: 5,
  retry: "Twice after a 5xx or a timeout, with a short exponential backoff.",
  samples: [
    {
      type: "room.client.joined",
      body: {
        id: "example0000000000000000000000000001",
        apiVersion: "1.0",
        createdAt: "2026-10-09T08:53:20.000Z",
        type: "room.client.joined",
        data: {
          meetingId: "1001",
          roomName: "/00000000-0000-4000-8000-000000000024",
          roleName: "visitor",
          displayName: "Ada",
          numClients: 1,
          numClientsByRoleName: { visitor: 1 },
        },
      },
    },
  ],
} as const satisfies Provider;
