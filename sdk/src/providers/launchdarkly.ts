// LaunchDarkly webhooks.
import type { Provider } from "../provider.ts";

export default {
  id: "launchdarkly",
  name: "LaunchDarkly",
  docsUrl: "https://launchdarkly.com/docs",
  scheme: { kind: "hmac", alg: "hmac-sha256", key: "utf8", sig: { header: ["x-ld-signature"] }, enc: "hex", content: "{body}" },
  eventId: [],
  eventType: ["json:type", "json:event"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook in LaunchDarkly and enter the URL of this source.",
    "Copy the signing secret that LaunchDarkly shows and save it here as it is.",
  ],
} as const satisfies Provider;
