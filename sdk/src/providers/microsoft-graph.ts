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
} as const satisfies Provider;
