// Buildkite webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "buildkite",
  name: "Buildkite",
  docsUrl: "https://buildkite.com/docs/apis/webhooks/pipelines",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-buildkite-signature"], parse: "kv", sep: ",", sigKey: "signature", tsKey: "timestamp" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", toleranceSeconds: 300, future: false },
  },
  eventId: [],
  eventType: ["header:x-buildkite-event", "json:event"],
  eventKey: ["json:build.id", "json:agent.id"],
  secretHint: "Organisation Settings → Notification Services → your webhook → Token.",
  bodyAuthenticated: true,
  setup: [
    "Add a webhook notification service in Buildkite with the URL of this source.",
    "Choose to send an HMAC signature, copy the token and save it here.",
  ],
  ipRanges: ["https://api.buildkite.com/v2/meta"],
  samples: [
    {
      type: "build.finished",
      headers: { "x-buildkite-event": "build.finished" },
      body: {
        event: "build.finished",
        build: {
          id: "00000000-0000-4000-8000-000000000001",
          number: 27,
          state: "passed",
          branch: "main",
          commit: "2222222222222222222222222222222222222222",
          message: "Add widgets",
          web_url: "https://buildkite.example.test/example/widgets/builds/27",
          finished_at: "2025-10-09 08:53:20 UTC",
        },
        pipeline: { id: "00000000-0000-4000-8000-000000000002", slug: "widgets", name: "Widgets" },
        sender: { id: "00000000-0000-4000-8000-000000000003", name: "Ada Example" },
      },
    },
  ],
} as const satisfies Provider;
