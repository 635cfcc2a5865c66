// Freshchat webhooks: RSA over the body, without a time, so an old request can be sent again.
import type { Provider } from "../provider.ts";

export default {
  id: "freshchat",
  name: "Freshchat",
  docsUrl:
    "https://crmsupport.freshworks.com/support/solutions/articles/50000004461-freshchat-webhooks-payload-structure-and-authentication",
  scheme: { kind: "asymmetric", alg: "rsa-sha256", header: "x-freshchat-signature", enc: "base64", content: "{body}" },
  // Every message has an id; the other actions have none.
  eventId: ["json:data.message.id"],
  eventType: ["json:action"],
  eventTime: [{ from: "json:action_time", unit: "rfc3339" }],
  eventKey: [
    "json:data.message.conversation_id",
    "json:data.assignment.conversation.conversation_id",
    "json:data.resolve.conversation.conversation_id",
    "json:data.reopen.conversation.conversation_id",
  ],
  secretHint: "The public key in the webhook settings of Freshchat; leave out its first and last line, which say RSA PUBLIC KEY.",
  bodyAuthenticated: true,
  setup: [
    "Open the webhook settings of Freshchat as an administrator, enter the URL of this source and switch the webhook on.",
    "Copy the public key without its first and last line and save it here as the public key.",
  ],
  samples: [
    {
      type: "message_create",
      body: {
        actor: { actor_type: "user", actor_id: "00000000-0000-4000-8000-000000000001" },
        action: "message_create",
        action_time: "2025-10-09T08:53:20.000Z",
        data: {
          message: {
            message_parts: [{ text: { content: "A widget is broken." } }],
            app_id: "00000000-0000-4000-8000-000000000002",
            actor_id: "00000000-0000-4000-8000-000000000001",
            id: "00000000-0000-4000-8000-000000000003",
            channel_id: "00000000-0000-4000-8000-000000000004",
            conversation_id: "00000000-0000-4000-8000-000000000005",
            message_type: "normal",
            actor_type: "user",
            created_time: "2025-10-09T08:53:20.000Z",
          },
        },
      },
    },
    {
      type: "conversation_reopen",
      body: {
        actor: { actor_type: "user", actor_id: "00000000-0000-4000-8000-000000000001" },
        action: "conversation_reopen",
        action_time: "2025-10-09T08:53:20.000Z",
        data: {
          reopen: {
            reopener: "user",
            reopener_id: "00000000-0000-4000-8000-000000000001",
            conversation: {
              conversation_id: "00000000-0000-4000-8000-000000000005",
              app_id: "00000000-0000-4000-8000-000000000002",
              status: "reopened",
              channel_id: "00000000-0000-4000-8000-000000000004",
            },
          },
        },
      },
    },
  ],
} as const satisfies Provider;
