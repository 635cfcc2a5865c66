// Azure Event Grid: events are not signed, so a key in the query of the URL protects the source.
// Both schemas are understood: Event Grid's own, and CloudEvents with its OPTIONS request.
import type { Provider } from "../provider.ts";

export default {
  id: "azure-eventgrid",
  name: "Azure Event Grid",
  docsUrl: "https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema",
  scheme: { kind: "token", query: "code", fromParams: true },
  eventId: ["json:0.id"],
  eventType: ["json:0.eventType"],
  eventTime: [{ from: "json:0.eventTime", unit: "rfc3339" }],
  eventKey: ["json:0.subject"],
  bodyAuthenticated: false,
  handshakes: [
    {
      name: "validation request",
      methods: ["OPTIONS"],
      when: [{ at: "header:webhook-request-origin", is: "present" }],
      demands: [
        { at: "header:webhook-request-origin", matches: "[A-Za-z0-9.*:/_-]{1,253}" },
        { at: "header:webhook-request-rate", matches: "[1-9]\\d{0,8}|\\*" },
      ],
      headers: {
        "webhook-allowed-origin": "{header:webhook-request-origin}",
        "webhook-allowed-rate": "{header:webhook-request-rate}",
        allow: "POST",
      },
    },
    // Echoing the code confirms at once, so that the address validationUrl, which anybody could send, is never fetched.
    {
      name: "subscription validation",
      methods: ["POST"],
      when: [
        { at: "header:aeg-event-type", equals: "SubscriptionValidation" },
        { at: "json:0.eventType", equals: "Microsoft.EventGrid.SubscriptionValidationEvent" },
      ],
      json: { validationResponse: "{json:0.data.validationCode}" },
    },
  ],
  batch: {
    items: "json:",
    id: ["json:id"],
    type: ["json:eventType"],
    time: [{ from: "json:eventTime", unit: "rfc3339" }],
    key: ["json:subject"],
  },
  cloudEvents: true,
  setup: [
    "Make a long random text and save it here as the secret.",
    "Create an event subscription with the endpoint type Web Hook and the URL of this source, with ?code= and the secret at its end.",
    "Azure validates the URL while it creates the subscription; this source answers.",
  ],
  secretHint: "The value of code in the URL of the webhook endpoint, under Endpoint Details of the event subscription.",
  answerWithinSeconds: 30,
  samples: [
    {
      type: "Microsoft.Storage.BlobCreated",
      headers: { "aeg-event-type": "Notification" },
      body: [
        {
          id: "00000000-0000-4000-8000-000000000001",
          topic: "/subscriptions/example/resourceGroups/example/providers/Microsoft.Storage/storageAccounts/example",
          subject: "/blobServices/default/containers/example/blobs/report.csv",
          eventType: "Microsoft.Storage.BlobCreated",
          eventTime: "2025-10-09T08:53:20.0000000Z",
          data: { api: "PutBlob", contentType: "text/csv", contentLength: 1200, blobType: "BlockBlob" },
          dataVersion: "",
          metadataVersion: "1",
        },
      ],
    },
  ],
} as const satisfies Provider;
