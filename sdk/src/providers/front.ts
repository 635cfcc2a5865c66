// Front webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "front",
  name: "Front",
  docsUrl: "https://dev.frontapp.com/docs/application-webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["x-front-signature"] },
    enc: "base64",
    content: "{ts}:{body}",
    ts: { from: "header:x-front-request-timestamp", unit: "ms", future: false },
  },
  eventId: [],
  eventType: ["json:type"],
  eventKey: ["json:payload.conversation.id"],
  secretHint: "Settings → Developers → your app → its signing key.",
  bodyAuthenticated: true,
  experimental: true,
  setup: ["Add the URL of this source as a webhook of the Front app.", "Save the signing key of the app here."],
  samples: [
    {
      type: "inbound",
      body: {
        type: "inbound",
        authorization: { id: "cmp_example1" },
        payload: {
          id: "evt_example1",
          type: "inbound",
          emitted_at: 1760000000,
          conversation: { id: "cnv_example1", subject: "A widget is broken", status: "unassigned" },
          target: { _meta: { type: "message" }, data: { id: "msg_example1", type: "email", is_inbound: true } },
        },
      },
    },
  ],
} as const satisfies Provider;
