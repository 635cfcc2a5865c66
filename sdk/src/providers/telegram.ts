// Telegram Bot API: a shared token in the header x-telegram-bot-api-secret-token.
import type { Provider } from "../provider.ts";

export default {
  id: "telegram",
  name: "Telegram Bot API",
  docsUrl: "https://core.telegram.org/bots/api#setwebhook",
  scheme: { kind: "token", header: "x-telegram-bot-api-secret-token" },
  eventId: ["json:update_id"],
  eventType: ["key:!update_id"],
  eventTime: [
    { from: "json:message.date", unit: "s" },
    { from: "json:edited_message.edit_date", unit: "s" },
    { from: "json:channel_post.date", unit: "s" },
  ],
  eventKey: ["json:message.chat.id", "json:edited_message.chat.id", "json:channel_post.chat.id", "json:callback_query.message.chat.id"],
  bodyAuthenticated: false,
  setup: [
    "Call setWebhook with the URL of this source.",
    "Give the secret of this source as secret_token: up to 256 letters, digits, _ and -.",
  ],
  secretHint: "The secret_token that you gave in the call of setWebhook; it is not the token of the bot.",
  ipRanges: ["149.154.160.0/20", "91.108.4.0/22"],
  samples: [
    {
      type: "message",
      body: {
        update_id: 100000001,
        message: {
          message_id: 1,
          from: { id: 1000001, is_bot: false, first_name: "Ada" },
          chat: { id: 1000001, first_name: "Ada", type: "private" },
          date: 1760000000,
          text: "/start",
        },
      },
    },
    {
      type: "callback_query",
      body: {
        update_id: 100000002,
        callback_query: {
          id: "1000000000000001",
          from: { id: 1000001, is_bot: false, first_name: "Ada" },
          message: { message_id: 2, chat: { id: 1000001, type: "private" }, date: 1760000000, text: "Buy?" },
          chat_instance: "1",
          data: "yes",
        },
      },
    },
  ],
} as const satisfies Provider;
