// Linear. The time that counts is the one inside the signed body, not the one in a header.
import type { Provider } from "../provider.ts";

export default {
  id: "linear",
  name: "Linear",
  docsUrl: "https://linear.app/developers/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["linear-signature"] },
    enc: "hex",
    content: "{body}",
    ts: { from: "json:webhookTimestamp", unit: "ms", toleranceSeconds: 60, future: true },
  },
  eventId: ["header:linear-delivery"],
  eventType: ["header:linear-event", "json:type"],
  eventTime: [
    { from: "json:createdAt", unit: "rfc3339" },
    { from: "json:webhookTimestamp", unit: "ms" },
  ],
  eventKey: ["json:data.id"],
  secretHint: "Settings → API → Webhooks → your webhook → Signing secret.",
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Linear and enter the URL of this source.",
    "Copy the signing secret that Linear shows and save it here as it is.",
  ],
  ipRanges: ["35.231.147.226", "35.243.134.228", "34.140.253.14", "34.38.87.206", "34.134.222.122", "35.222.25.142"],
  samples: [
    {
      type: "Issue",
      headers: { "linear-event": "Issue" },
      body: {
        action: "create",
        type: "Issue",
        createdAt: "2025-10-09T08:53:20.000Z",
        actor: { id: "00000000-0000-4000-8000-000000000001", type: "user", name: "Ada Example" },
        data: {
          id: "00000000-0000-4000-8000-000000000002",
          identifier: "EX-1",
          number: 1,
          title: "A widget is broken",
          priority: 2,
          teamId: "00000000-0000-4000-8000-000000000003",
          state: { id: "00000000-0000-4000-8000-000000000004", name: "Todo", type: "unstarted" },
          createdAt: "2025-10-09T08:53:20.000Z",
          updatedAt: "2025-10-09T08:53:20.000Z",
        },
        url: "https://linear.app/example/issue/EX-1",
        organizationId: "00000000-0000-4000-8000-000000000005",
        webhookTimestamp: 1760000000000,
        webhookId: "00000000-0000-4000-8000-000000000006",
      },
    },
  ],
} as const satisfies Provider;
