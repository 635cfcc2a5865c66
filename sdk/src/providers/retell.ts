// Retell AI webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "retell",
  name: "Retell AI",
  docsUrl: "https://docs.retellai.com/features/secure-webhook",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-retell-signature"], parse: "kv", sep: ",", sigKey: "d", tsKey: "v" },
    enc: "hex",
    content: "{body}{ts}",
    ts: { from: "sig", unit: "ms", future: false },
  },
  eventId: [],
  eventType: ["json:event"],
  eventTime: [
    { from: "json:call.end_timestamp", unit: "ms" },
    { from: "json:call.start_timestamp", unit: "ms" },
  ],
  eventKey: ["json:call.call_id", "json:chat.chat_id"],
  bodyAuthenticated: true,
  experimental: true,
  setup: [
    "Enter the URL of this source as the webhook URL of the agent or the account.",
    "Save the Retell API key that signs webhooks here.",
  ],
  secretHint: "API Keys in the Retell dashboard: the key with the webhook badge.",
  ipRanges: ["100.20.5.228"],
  samples: [
    {
      type: "call_ended",
      body: {
        event: "call_ended",
        call: {
          call_type: "phone_call",
          call_id: "EXAMPLEcall0001",
          agent_id: "EXAMPLEagent0001",
          call_status: "ended",
          from_number: "+15550000001",
          to_number: "+15550000002",
          direction: "inbound",
          start_timestamp: 1759999940000,
          end_timestamp: 1760000000000,
          disconnection_reason: "user_hangup",
          transcript: "Agent: Hello.",
        },
      },
    },
  ],
} as const satisfies Provider;
