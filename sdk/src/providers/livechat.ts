// LiveChat (Text Platform) webhooks: the secret key given with the webhook stands in each body.
import type { Provider } from "../provider.ts";

export default {
  id: "livechat",
  name: "LiveChat",
  docsUrl: "https://platform.text.com/docs/management/webhooks/",
  scheme: { kind: "token", json: "secret_key" },
  eventId: [],
  eventType: ["json:action"],
  eventKey: ["json:payload.chat.id", "json:payload.chat_id", "json:organization_id"],
  bodyAuthenticated: false,
  setup: [
    "Make a long random text and save it here as the secret.",
    "Register the webhook through the Configuration API or in the Developer Console, with the URL of this source and the secret as secret_key.",
    "The secret key is a field of every body, so stored events hold it: whoever may read them can forge the next request.",
  ],
  secretHint: "The secret_key of the webhook.",
  samples: [
    {
      type: "incoming_chat",
      body: {
        webhook_id: "exampleWebhook0001",
        secret_key: "example-secret-key-0001",
        action: "incoming_chat",
        organization_id: "00000000-0000-4000-8000-000000000001",
        payload: { chat: { id: "EXAMPLE001", users: [], properties: {}, thread: { id: "EXAMPLE002", active: true, events: [] } } },
        additional_data: {},
      },
    },
    {
      type: "chat_deactivated",
      body: {
        webhook_id: "exampleWebhook0001",
        secret_key: "example-secret-key-0001",
        action: "chat_deactivated",
        organization_id: "00000000-0000-4000-8000-000000000001",
        payload: { chat_id: "EXAMPLE001", thread_id: "EXAMPLE002", user_id: "agent@example.com" },
        additional_data: {},
      },
    },
  ],
} as const satisfies Provider;
