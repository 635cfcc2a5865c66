// Contentful. It signs method, path, the headers it names, and the body; requests live for 30 seconds.
import type { Provider } from "../provider.ts";

export default {
  id: "contentful",
  name: "Contentful",
  docsUrl: "https://www.contentful.com/developers/docs/webhooks/request-verification/",
  scheme: { kind: "canonical", layout: "contentful", toleranceSeconds: 30 },
  eventId: [],
  eventType: ["header:x-contentful-topic"],
  bodyAuthenticated: true,
  setup: [
    "Open Settings, Webhooks, Settings in Contentful and enable request verification.",
    "Copy the signing secret and save it here as the secret.",
    "Add a webhook with the URL of this source, exactly as it is configured here.",
  ],
} as const satisfies Provider;
