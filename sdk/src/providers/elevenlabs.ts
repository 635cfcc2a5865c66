// ElevenLabs webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "elevenlabs",
  name: "ElevenLabs",
  docsUrl: "https://elevenlabs.io/docs/overview/administration/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["elevenlabs-signature"], parse: "kv", sep: ",", sigKey: "v0", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", toleranceSeconds: 1800, future: false },
  },
  eventId: [],
  eventType: ["json:type"],
  eventTime: [{ from: "json:event_timestamp", unit: "s" }],
  eventKey: ["json:data.conversation_id"],
  secretHint: "The shared secret that is shown once, when the webhook is created in the workspace settings.",
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Create a webhook in ElevenLabs and enter the URL of this source.",
    "Copy the signing secret that ElevenLabs shows and save it here as it is.",
  ],
  samples: [
    {
      type: "post_call_transcription",
      body: {
        type: "post_call_transcription",
        event_timestamp: 1760000000,
        data: {
          agent_id: "agent_example0001",
          conversation_id: "conv_example0001",
          status: "done",
          transcript: [{ role: "agent", message: "Hello, this is an example.", time_in_call_secs: 0 }],
          metadata: { start_time_unix_secs: 1759999970, call_duration_secs: 22 },
        },
      },
    },
  ],
} as const satisfies Provider;
