// Contentful. It signs method, path, the headers it names, and the body; requests live for 30 seconds.
import type { Provider } from "../provider.ts";

export default {
  id: "contentful",
  name: "Contentful",
  docsUrl: "https://www.contentful.com/developers/docs/webhooks/request-verification/",
  scheme: { kind: "canonical", layout: "contentful", toleranceSeconds: 30 },
  eventId: [],
  eventType: ["header:x-contentful-topic"],
  eventTime: [{ from: "json:sys.updatedAt", unit: "rfc3339" }],
  eventKey: ["json:sys.id"],
  secretHint: "Settings → Webhooks → Settings → Enable request verification: the signing secret is shown once, when it is made.",
  bodyAuthenticated: true,
  setup: [
    "Open Settings, Webhooks, Settings in Contentful and enable request verification.",
    "Copy the signing secret and save it here as the secret.",
    "Add a webhook with the URL of this source, exactly as it is configured here.",
  ],
  samples: [
    {
      type: "ContentManagement.Entry.publish",
      headers: { "content-type": "application/vnd.contentful.management.v1+json", "x-contentful-topic": "ContentManagement.Entry.publish" },
      body: {
        sys: {
          type: "Entry",
          id: "exampleEntry0001",
          space: { sys: { type: "Link", linkType: "Space", id: "exampleSpace01" } },
          environment: { sys: { type: "Link", linkType: "Environment", id: "master" } },
          contentType: { sys: { type: "Link", linkType: "ContentType", id: "post" } },
          revision: 3,
          createdAt: "2025-10-09T08:50:00.000Z",
          updatedAt: "2025-10-09T08:53:20.000Z",
        },
        fields: { title: { "en-US": "An example" } },
      },
    },
  ],
} as const satisfies Provider;
