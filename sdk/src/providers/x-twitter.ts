// X (Twitter) webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "x-twitter",
  name: "X (Twitter)",
  docsUrl: "https://docs.x.com",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-twitter-webhooks-signature"], prefix: "sha256=" },
    enc: "base64",
    content: "{body}",
  },
  eventId: [],
  eventType: ["key:!for_user_id"],
  bodyAuthenticated: true,
  handshakes: [
    {
      name: "challenge-response check",
      methods: ["GET"],
      when: [{ at: "query:crc_token", is: "present" }],
      // Anybody may ask, and the answer is made as the signature of a body is: so the token must not be able to be JSON.
      demands: [{ at: "query:crc_token", matches: "[A-Za-z0-9_=+/.-]{1,256}" }],
      mac: { alg: "hmac-sha256", key: "utf8", content: "query:crc_token", enc: "base64" },
      json: { response_token: "sha256={mac}" },
    },
  ],
  setup: ["Register the URL of this source as a webhook of the app through the X API.", "Save the consumer secret of the app here."],
  secretHint: "Developer portal → your app → Keys and tokens → API Key Secret, also called the consumer secret.",
  samples: [
    {
      type: "tweet_create_events",
      body: {
        for_user_id: "1001",
        tweet_create_events: [
          {
            id: 2001,
            id_str: "2001",
            created_at: "Thu Oct 09 08:53:20 +0000 2025",
            text: "An example",
            user: { id: 1001, id_str: "1001", screen_name: "ada_example" },
          },
        ],
      },
    },
  ],
} as const satisfies Provider;
