// Zoom webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "zoom",
  name: "Zoom",
  docsUrl: "https://developers.zoom.us/docs/api/webhooks/",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-zm-signature"], prefix: "v0=" },
    enc: "hex",
    content: "v0:{ts}:{body}",
    ts: { from: "header:x-zm-request-timestamp", unit: "s", future: false },
  },
  eventId: [],
  eventType: ["json:event"],
  eventTime: [{ from: "json:event_ts", unit: "ms" }],
  eventKey: ["json:payload.object.id"],
  bodyAuthenticated: true,
  handshakes: [
    {
      name: "URL validation",
      signed: true,
      methods: ["POST"],
      when: [{ at: "json:event", equals: "endpoint.url_validation" }],
      // A colon would make it the content of a signature.
      demands: [{ at: "json:payload.plainToken", matches: "[A-Za-z0-9_=+/.-]{1,256}" }],
      mac: { alg: "hmac-sha256", key: "utf8", content: "json:payload.plainToken", enc: "hex" },
      json: { plainToken: "{json:payload.plainToken}", encryptedToken: "{mac}" },
    },
  ],
  setup: ["Add an event subscription to the Zoom app with the URL of this source.", "Copy the secret token of the app and save it here."],
  secretHint: "Zoom App Marketplace → your app → Features → Access → Secret Token.",
  answerWithinSeconds: 3,
  retry: "After 5, 20 and 60 minutes.",
  samples: [
    {
      type: "meeting.started",
      body: {
        event: "meeting.started",
        event_ts: 1760000000000,
        payload: {
          account_id: "EXAMPLEaccount",
          object: {
            id: "1000000001",
            uuid: "EXAMPLEuuid0001==",
            host_id: "EXAMPLEhost",
            topic: "Weekly",
            type: 2,
            start_time: "2026-10-09T08:53:20Z",
            timezone: "UTC",
            duration: 30,
          },
        },
      },
    },
  ],
} as const satisfies Provider;
