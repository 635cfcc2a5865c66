// WorkOS webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "workos",
  name: "WorkOS",
  docsUrl: "https://workos.com/docs/events/data-syncing/webhooks",
  scheme: {
    kind: "hmac",
    alg: "hmac-sha256",
    key: "utf8",
    sig: { header: ["workos-signature"], parse: "kv", sep: ",", sigKey: "v1", tsKey: "t" },
    enc: "hex",
    content: "{ts}.{body}",
    ts: { from: "sig", unit: "ms", toleranceSeconds: 180, future: false },
  },
  eventId: ["json:id"],
  eventType: ["json:event"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in WorkOS and enter the URL of this source.",
    "Copy the signing secret that WorkOS shows and save it here as it is.",
  ],
} as const satisfies Provider;
