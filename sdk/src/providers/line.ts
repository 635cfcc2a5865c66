// LINE webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "line",
  name: "LINE",
  docsUrl: "https://developers.line.biz/en/docs/messaging-api/",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-line-signature"] }, enc: "base64", content: "{body}" },
  eventId: ["json:events.0.webhookEventId"],
  eventType: ["json:events.0.type"],
  bodyAuthenticated: true,
  setup: ["Enter the URL of this source as the webhook URL of the channel.", "Save the channel secret here."],
} as const satisfies Provider;
