// Microsoft Graph change notifications: every item repeats the clientState that was given with the subscription.
import type { Provider } from "../provider.ts";

export default {
  id: "microsoft-graph",
  name: "Microsoft Graph",
  docsUrl: "https://learn.microsoft.com/graph/change-notifications-delivery-webhooks",
  scheme: { kind: "body-signature", layout: "microsoft-graph" },
  eventId: ["json:value.0.id"],
  eventType: ["json:value.0.changeType"],
  eventKey: ["json:value.0.resource"],
  bodyAuthenticated: false,
  experimental: true,
  handshakes: [
    {
      name: "endpoint validation",
      methods: ["POST"],
      when: [{ at: "query:validationToken", is: "present" }],
      text: "{query:validationToken}",
    },
  ],
  batch: { items: "json:value", id: ["json:id"], type: ["json:changeType"], key: ["json:resource"] },
  setup: [
    "Make a long random text and save it here as the secret.",
    "Create the subscription through Microsoft Graph with the URL of this source as notificationUrl and the secret as clientState, which has at most 128 characters.",
  ],
  secretHint: "The clientState of the subscription.",
  samples: [
    {
      type: "created",
      body: {
        value: [
          {
            id: "examplenotification0001",
            subscriptionId: "00000000-0000-4000-8000-000000000001",
            subscriptionExpirationDateTime: "2025-10-12T08:53:20.0000000Z",
            clientState: "example-client-state-0001",
            changeType: "created",
            resource: "users/00000000-0000-4000-8000-000000000002/messages/exampleMessage0001",
            tenantId: "00000000-0000-4000-8000-000000000003",
            resourceData: { "@odata.type": "#Microsoft.Graph.Message", id: "exampleMessage0001" },
          },
        ],
      },
    },
  ],
} as const satisfies Provider;
