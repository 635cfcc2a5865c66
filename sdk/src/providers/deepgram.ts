// Deepgram: a shared token in the query of the URL.
import type { Provider } from "../provider.ts";

export default {
  id: "deepgram",
  name: "Deepgram",
  docsUrl: "https://developers.deepgram.com/docs/callback",
  scheme: { kind: "token", query: "token", fromParams: true },
  eventId: [],
  eventType: [],
  eventTime: [{ from: "json:metadata.created", unit: "rfc3339" }],
  eventKey: ["json:metadata.request_id"],
  secretHint:
    "The token is your own: the one in the callback URL; Deepgram's dg-token header holds the API Key Identifier of the request instead.",
  bodyAuthenticated: false,
  experimental: true,
  setup: [
    "Enter the URL of this source in Deepgram, with ?token= and the secret of this source at its end.",
    "Where the sender can send a header instead, name that header as the parameter header here.",
  ],
  samples: [
    {
      type: "transcription.completed",
      body: {
        metadata: {
          request_id: "00000000-0000-4000-8000-000000000001",
          sha256: "0000000000000000000000000000000000000000000000000000000000000001",
          created: "2025-10-09T08:53:20.000Z",
          duration: 12.5,
          channels: 1,
        },
        results: { channels: [{ alternatives: [{ transcript: "hello from the example", confidence: 0.99, words: [] }] }] },
      },
    },
  ],
} as const satisfies Provider;
