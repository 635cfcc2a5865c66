// Persona: during a rotation the header holds one set for each secret, each with its own time.
import type { Provider } from "../provider.ts";

export default {
  id: "persona",
  name: "Persona",
  docsUrl: "https://docs.withpersona.com/webhooks-best-practices",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["persona-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t", setSep: " " },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "s", future: false },
  },
  eventId: ["json:data.id"],
  eventType: ["json:data.attributes.name"],
  eventTime: [
    { from: "json:data.attributes.created-at", unit: "rfc3339" },
    { from: "json:data.attributes.created_at", unit: "rfc3339" },
  ],
  eventKey: ["json:data.attributes.payload.data.id"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in Persona and enter the URL of this source.",
    "Copy the signing secret that Persona shows and save it here as it is.",
  ],
  secretHint: "The secret of the webhook, in the Webhooks section of the Persona dashboard.",
  answerWithinSeconds: 5,
  samples: [
    {
      type: "inquiry.completed",
      body: {
        data: {
          type: "event",
          id: "evt_EXAMPLE0001",
          attributes: {
            name: "inquiry.completed",
            "created-at": "2026-10-09T08:53:20.000Z",
            payload: {
              data: { type: "inquiry", id: "inq_EXAMPLE0001", attributes: { status: "completed", "reference-id": "customer-1001" } },
            },
          },
        },
      },
    },
  ],
} as const satisfies Provider;
