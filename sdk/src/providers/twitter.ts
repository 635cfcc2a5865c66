// X (Twitter) webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "twitter",
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
  setup: ["Register the URL of this source as a webhook of the app through the X API.", "Save the consumer secret of the app here."],
} as const satisfies Provider;
