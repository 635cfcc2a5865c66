// Mux webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "mux",
  name: "Mux",
  docsUrl: "https://www.mux.com/docs/core/verify-webhook-signatures",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["mux-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", toleranceSeconds: 300, future: false },
  },
  eventId: ["json:id"],
  eventType: ["json:type"],
  eventTime: [{ from: "json:created_at", unit: "rfc3339" }],
  eventKey: ["json:object.id"],
  bodyAuthenticated: true,
  setup: ["Create a webhook in Mux and enter the URL of this source.", "Copy the signing secret that Mux shows and save it here as it is."],
  secretHint: "Settings → Webhooks in the Mux dashboard: the signing secret of your endpoint.",
  samples: [
    {
      type: "video.asset.ready",
      body: {
        type: "video.asset.ready",
        id: "00000000-0000-4000-8000-000000000002",
        created_at: "2026-10-09T08:53:20.000000Z",
        object: { type: "asset", id: "EXAMPLEasset0001" },
        environment: { name: "Development", id: "exampleenv" },
        data: { id: "EXAMPLEasset0001", status: "ready", duration: 23.8, playback_ids: [{ id: "EXAMPLEplayback01", policy: "public" }] },
        attempts: [],
      },
    },
  ],
} as const satisfies Provider;
