// Discord interactions and webhook events. It probes with bad signatures and wants 401 for them.
import type { Provider } from "../provider.ts";

export default {
  id: "discord",
  name: "Discord",
  docsUrl: "https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint-validating-security-request-headers",
  scheme: {
    kind: "asymmetric",
    alg: "ed25519",
    header: "x-signature-ed25519",
    enc: "hex",
    content: "{ts}{body}",
    ts: { header: "x-signature-timestamp", unit: "s" },
  },
  // Webhook events have no id of their own; interactions do.
  eventId: ["json:id"],
  eventType: ["json:event.type", "json:type"],
  secretHint: "Developer Portal → your application → General Information → Public Key.",
  bodyAuthenticated: true,
  answerWithinSeconds: 3,
  // Type 1 is a ping among interactions and an event among webhook events, which say what happened in `event`.
  handshakes: [
    {
      name: "interaction ping",
      signed: true,
      methods: ["POST"],
      when: [
        { at: "json:type", equals: 1 },
        { at: "json:event", is: "absent" },
      ],
      json: { type: 1 },
    },
    {
      name: "webhook ping",
      signed: true,
      methods: ["POST"],
      when: [
        { at: "json:type", equals: 0 },
        { at: "json:event", is: "absent" },
      ],
      status: 204,
    },
  ],
  setup: [
    "Open your application in the Discord developer portal.",
    "Copy the public key from General Information and save it here as the public key.",
    "Enter the URL of this source as the interactions endpoint URL, or under Webhooks as the endpoint, and save.",
  ],
  retry: "With exponential backoff for up to 10 minutes.",
  answer: { status: 204 },
  samples: [
    {
      type: "ENTITLEMENT_CREATE",
      body: {
        version: 1,
        application_id: "100000000000000001",
        type: 1,
        event: {
          type: "ENTITLEMENT_CREATE",
          timestamp: "2025-10-09T08:53:20.000000",
          data: {
            id: "100000000000000002",
            sku_id: "100000000000000003",
            application_id: "100000000000000001",
            user_id: "100000000000000004",
            type: 8,
            deleted: false,
            consumed: false,
          },
        },
      },
    },
  ],
} as const satisfies Provider;
