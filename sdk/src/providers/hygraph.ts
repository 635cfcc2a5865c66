// Hygraph (GraphCMS) webhooks with a secret key.
import type { Provider } from "../provider.ts";

export default {
  id: "hygraph",
  name: "Hygraph",
  docsUrl: "https://hygraph.com/docs/api-reference/basics/webhooks",
  scheme: { kind: "canonical", layout: "hygraph" },
  eventId: [],
  eventType: ["json:operation"],
  eventTime: [{ from: "json:data.updatedAt", unit: "rfc3339" }],
  eventKey: ["json:data.id"],
  bodyAuthenticated: true,
  setup: [
    "Open Project settings, Automation, Webhooks in Hygraph and add a webhook with the URL of this source and the method POST.",
    "Make a long random text, enter it there as the secret key, and save it here as the secret.",
  ],
  secretHint: "Project settings → Automation → Webhooks → the webhook → Secret key.",
  answerWithinSeconds: 3,
  retry: "4 times after the first attempt.",
  samples: [
    {
      type: "publish",
      body: {
        operation: "publish",
        data: {
          __typename: "Post",
          id: "exampleentry0001",
          stage: "PUBLISHED",
          title: "An example",
          createdAt: "2025-10-09T08:50:00.000000+00:00",
          updatedAt: "2025-10-09T08:53:20.000000+00:00",
          localizations: [{ locale: "en", title: "An example" }],
        },
      },
    },
    {
      type: "delete",
      body: { operation: "delete", data: { __typename: "Post", id: "exampleentry0001", stage: "DRAFT" } },
    },
  ],
} as const satisfies Provider;
