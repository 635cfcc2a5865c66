// Figma webhooks, version 2: the passcode given with the webhook stands in each body.
import type { Provider } from "../provider.ts";

export default {
  id: "figma",
  name: "Figma",
  docsUrl: "https://developers.figma.com/docs/rest-api/webhooks-security/",
  scheme: { kind: "token", json: "passcode" },
  eventId: [],
  eventType: ["json:event_type"],
  eventTime: [{ from: "json:timestamp", unit: "rfc3339" }],
  // A PING is about the webhook, all else about a file.
  eventKey: ["json:file_key", "json:webhook_id"],
  bodyAuthenticated: false,
  setup: [
    "Make a long random text and save it here as the secret.",
    "Create the webhook through Figma's REST API, at /v2/webhooks, with the URL of this source as endpoint and the secret as passcode.",
    "The passcode is a field of every body, so stored events hold it: whoever may read them can forge the next request.",
  ],
  secretHint: "The passcode of the webhook.",
  samples: [
    {
      type: "FILE_UPDATE",
      body: {
        event_type: "FILE_UPDATE",
        file_key: "exampleFileKey0001",
        file_name: "An example",
        passcode: "example-passcode-0001",
        timestamp: "2025-10-09T08:53:20Z",
        webhook_id: "1001",
      },
    },
    {
      type: "PING",
      body: { event_type: "PING", passcode: "example-passcode-0001", timestamp: "2025-10-09T08:53:20Z", webhook_id: "1001" },
    },
  ],
} as const satisfies Provider;
