// Discord interactions and webhook events. It probes with bad signatures and wants 401 for them.
import type { Provider } from "../provider.ts";

export default {
  id: "discord",
  name: "Discord",
  docsUrl: "https://docs.discord.com/developers/interactions/overview",
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
  bodyAuthenticated: true,
  answerWithinSeconds: 3,
  setup: [
    "Open your application in the Discord developer portal.",
    "Copy the public key from General Information and save it here as the public key.",
    "Enter the URL of this source as the interactions endpoint URL, or under Webhooks as the endpoint, and save.",
  ],
} as const satisfies Provider;
