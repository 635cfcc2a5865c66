// Telegram Bot API: a shared token in the header x-telegram-bot-api-secret-token.
import type { Provider } from "../provider.ts";

export default {
  id: "telegram",
  name: "Telegram Bot API",
  docsUrl: "https://core.telegram.org/bots/api#setwebhook",
  scheme: { kind: "token", header: "x-telegram-bot-api-secret-token" },
  eventId: ["json:update_id"],
  eventType: ["key:!update_id"],
  bodyAuthenticated: false,
  setup: [
    "Call setWebhook with the URL of this source.",
    "Give the secret of this source as secret_token: up to 256 letters, digits, _ and -.",
  ],
  ipRanges: ["149.154.160.0/20", "91.108.4.0/22"],
} as const satisfies Provider;
