// HubSpot. Version 3 is an HMAC over method, URL, body and time; versions 1 and 2 are plain SHA-256 and must be asked for.
import type { Provider } from "../provider.ts";

export default {
  id: "hubspot",
  name: "HubSpot",
  docsUrl: "https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-hubspot-signature-v3"] },
    enc: "base64",
    content: "{method}{url}{body}{ts}",
    ts: { from: "header:x-hubspot-request-timestamp", unit: "ms", toleranceSeconds: 300, future: false },
    versions: {
      param: "signatureVersion",
      recipes: {
        v1: { alg: "sha256-prefix", key: "utf8", sig: { header: ["x-hubspot-signature"] }, enc: "hex", content: "{body}" },
        v2: { alg: "sha256-prefix", key: "utf8", sig: { header: ["x-hubspot-signature"] }, enc: "hex", content: "{method}{url}{body}" },
        v3: {
          alg: "hmac-sha256",
          key: "utf8",
          sig: { header: ["x-hubspot-signature-v3"] },
          enc: "base64",
          content: "{method}{url}{body}{ts}",
          ts: { from: "header:x-hubspot-request-timestamp", unit: "ms", toleranceSeconds: 300, future: false },
        },
      },
    },
  },
  eventId: ["json:0.eventId"],
  eventType: ["json:0.subscriptionType"],
  eventTime: [{ from: "json:0.occurredAt", unit: "ms" }],
  eventKey: ["json:0.objectId"],
  secretHint: "Your app → Auth → Client secret.",
  bodyAuthenticated: true,
  batch: {
    items: "json:",
    id: ["json:eventId"],
    type: ["json:subscriptionType"],
    time: [{ from: "json:occurredAt", unit: "ms" }],
    key: ["json:objectId"],
  },
  setup: [
    "Enter the URL of this source as the target URL of the webhooks of the HubSpot app.",
    "Save the client secret of the app here, and the same URL as the parameter url.",
    "Only version 3 signatures are accepted unless the parameter signatureVersion is v1 or v2.",
  ],
  samples: [
    {
      type: "contact.propertyChange",
      body: [
        {
          eventId: 1000001,
          subscriptionId: 100001,
          portalId: 1001,
          appId: 2001,
          occurredAt: 1760000000000,
          subscriptionType: "contact.propertyChange",
          attemptNumber: 0,
          objectId: 3001,
          propertyName: "firstname",
          propertyValue: "Ada",
          changeSource: "CRM",
        },
      ],
    },
  ],
} as const satisfies Provider;
